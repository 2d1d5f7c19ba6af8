"""Names of C types that show the collector all that they own, and of some that do not.

A C type itself does not say so. A type that is not named here is taken to be opaque.
"""

# ruff: noqa: SIM905

from __future__ import annotations

BUILTIN_TYPES = frozenset(
    """
    BaseException BaseExceptionGroup Context ContextVar EncodingMap NoneType NotImplementedType
    Struct Token _buffer_wrapper async_generator async_generator_asend async_generator_athrow
    async_generator_wrapped_value bool builtin_function_or_method builtin_method bytearray
    bytearray_iterator bytes bytes_iterator callable_iterator cell classmethod
    classmethod_descriptor code complex coroutine coroutine_wrapper dict dict_itemiterator
    dict_items dict_keyiterator dict_keys dict_reverseitemiterator dict_reversekeyiterator
    dict_reversevalueiterator dict_valueiterator dict_values ellipsis enumerate
    fieldnameiterator filter float formatteriterator frame frozenset function
    generator generic_alias_iterator getset_descriptor hamt hamt_array_node hamt_bitmap_node
    hamt_collision_node instancemethod int items iterator keys line_iterator list list_iterator
    list_reverseiterator longrange_iterator managedbuffer map mappingproxy member_descriptor
    memory_iterator memoryview method method-wrapper method_descriptor object odict_items
    odict_iterator odict_keys odict_values positions_iterator property range range_iterator
    reversed set set_iterator slice staticmethod str str_ascii_iterator str_iterator super
    traceback tuple tuple_iterator unpack_iterator values weakcallableproxy weakproxy weakref zip
    """.split()
)
"""Types that report `builtins` as their module, as foreign libraries' nameless types do too."""

TRANSPARENT_PACKAGES = frozenset(
    """
    _abc _ast _asyncio _blake2 _collections _contextvars _csv _ctypes _datetime _decimal
    _elementtree _functools _hashlib _heapq _io _json _locale _md5 _operator _queue _random
    _sha1 _sha2 _sha3 _socket _sre _statistics _string _struct _thread _threading_local _typing
    _uuid _weakref _zoneinfo abc array ast asyncio collections contextlib contextvars csv ctypes
    datetime decimal fractions functools hashlib io ipaddress itertools json operator os pathlib
    posix pwd queue random re select socket string struct threading time types typing
    unicodedata uuid weakref xml zipimport zoneinfo
    distributed matplotlib numpy pandas
    """.split()
)
"""Packages whose C types hold nothing that the collector, their size or an adapter leaves out."""

HIDING_TYPES = frozenset(
    """
    _asyncio._RunningLoopHolder _hashlib.HASH _hashlib.HASHXOF _hashlib.HMAC
    pandas._libs.parsers.TextReader xml.parsers.expat.xmlparser
    """.split()
)
"""Exceptions to these packages."""

TRANSPARENT_TYPES = frozenset(
    """
    pickle.PickleBuffer pyarrow.lib.DataType pyarrow.lib.Field pyarrow.lib.KeyValueMetadata
    pyarrow.lib.Schema torch.Size torch.device torch.dtype torch.layout torch.memory_format
    """.split()
)
"""Single types of packages that are opaque otherwise."""

HARMLESS_CALLBACKS = frozenset(
    """
    IPython _weakrefset abc asyncio comm contextvars functools inspect ipykernel matplotlib
    traitlets typing unittest weakref zmq
    """.split()
)
"""Packages whose callbacks of weak references free no more than an entry of a table."""
