"""Networks in files: read as plain values, as reach, and as steps of ours."""

from volconv.network.graph import Graph, GraphNode, read_graph
from volconv.network.reach import graph_layers, spatial_dims

__all__ = ["Graph", "GraphNode", "graph_layers", "read_graph", "spatial_dims"]
