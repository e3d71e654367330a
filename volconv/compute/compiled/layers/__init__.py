"""Convolution layers: sums over the taps of many channels.

`layer` cuts outputs into boxes and input channels into groups. For each it packs the
`regions` that are read, by calls of `packing` that each walk a list of copies (`gather`),
and sums all output channels over them by the loops of `channels`, with weights laid out
as these read them (`weights`).
"""
