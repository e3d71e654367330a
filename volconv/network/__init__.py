"""Networks in files: read as plain values, as reach, and as steps of ours."""

from volconv.network.axes import Axes
from volconv.network.graph import Graph, GraphNode, read_constants, read_graph
from volconv.network.layers import expanded, graph_steps
from volconv.network.reach import graph_layers, spatial_dims

__all__ = [
    "Axes",
    "Graph",
    "GraphNode",
    "expanded",
    "graph_layers",
    "graph_steps",
    "read_constants",
    "read_graph",
    "spatial_dims",
]
