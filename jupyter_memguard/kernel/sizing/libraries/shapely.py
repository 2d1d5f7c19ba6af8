"""shapely's geometries, whose coordinates are in the memory of GEOS.

The sizes are those of the structures of GEOS 3.14, as glibc hands them out. A geometry that was
prepared has more, and so may one that an algorithm or a text made.
"""

from __future__ import annotations

from typing import Any

from ...retention.describe import instance_dict, library
from .adapter import Adapter, Owned

_OBJECT = 48  # what Python has of a geometry, without what the collector adds
_COORDINATE = 24  # also where there are only two
_COLLECTION, _ENTRY = 120, 8
_POINT = 144  # with its coordinate
_IN_A_TREE = 64  # an entry of a tree, with its part of the nodes

# What a geometry, or each part of it, has beside its coordinates.
_SINGLE = {"LineString": 144, "LinearRing": 144, "Polygon": 216}
_PARTS = {
    "MultiPoint": _POINT - _COORDINATE,
    "MultiLineString": 144,
    "MultiPolygon": 216,
    "GeometryCollection": _POINT - _COORDINATE,
}


def _shapely(module: Any) -> dict[type, Adapter]:
    lib, classes = module.lib, vars(module)
    coordinates, parts = lib.get_num_coordinates, lib.get_num_geometries
    array = library("numpy").ndarray
    count = lib.STRtree.__dict__["count"].__get__

    def single(own: int) -> Adapter:
        own += _OBJECT
        return Adapter(lambda obj: Owned(own + _COORDINATE * int(coordinates(obj)), note="opaque"))

    def several(each: int) -> Adapter:
        own, each = _OBJECT + _COLLECTION, each + _ENTRY

        def look(obj: Any) -> Owned:
            size = own + each * int(parts(obj)) + _COORDINATE * int(coordinates(obj))
            return Owned(size, note="opaque")

        return Adapter(look)

    def tree(obj: Any) -> Owned:
        """Tell the references to geometries that the tree has beside the list of them."""
        names = instance_dict(obj)
        listed = names["_geometries"]
        # An empty geometry is in the list alone.
        if type(listed) is array and count(names["_tree"]) == listed.size:
            return Owned(references=listed.tolist())
        return Owned(note="opaque")

    return {
        module.STRtree: Adapter(tree),
        module.Point: Adapter(lambda _: Owned(_OBJECT + _POINT, note="opaque")),
        lib.STRtree: Adapter(lambda obj: Owned(note="opaque", estimate=_IN_A_TREE * count(obj))),
        **{classes[name]: single(own) for name, own in _SINGLE.items()},
        **{classes[name]: several(each) for name, each in _PARTS.items()},
    }


ADAPTERS = {"shapely": _shapely}
