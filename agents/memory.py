"""What the stores of a worker share of its memory."""

from typing import Final

from rocksdict import BlockBasedOptions, Cache, DBCompressionType, Options, WriteBufferManager

from agents.settings import STORE_MIB

WRITE_BUFFER: Final = 16 << 20
"""At most so much of one store waits in memory to be written."""


class Memory:
    """What the stores of a worker share, so that its memory does not grow with its partitions: a cache and write buffers.

    Write buffers count as part of the cache and may take half of it.
    """

    def __init__(self, mebibytes: int = STORE_MIB) -> None:
        """Bound cache and write buffers together."""
        self._cache = Cache(mebibytes << 20)
        self._buffers = WriteBufferManager.new_write_buffer_manager_with_cache(mebibytes << 19, False, self._cache)

    def options(self) -> Options:
        """Return how every store is opened."""
        options = Options(raw_mode=True)
        options.create_if_missing(True)
        options.set_write_buffer_manager(self._buffers)
        options.set_write_buffer_size(WRITE_BUFFER)
        options.set_arena_block_size(WRITE_BUFFER // 64)  # an idle partition holds one
        options.set_compression_type(DBCompressionType.lz4())
        options.set_keep_log_file_num(2)
        options.set_stats_dump_period_sec(0)
        table = BlockBasedOptions()
        table.set_block_cache(self._cache)
        table.set_bloom_filter(10, False)
        table.set_cache_index_and_filter_blocks(True)
        table.set_pin_l0_filter_and_index_blocks_in_cache(True)
        options.set_block_based_table_factory(table)
        return options

    @property
    def full(self) -> bool:
        """Whether more waits to be written than may: the disk is slower than what comes."""
        return bool(self._buffers.get_usage() > self._buffers.get_buffer_size())

    def usage(self) -> int:
        """Return the bytes that cache and write buffers hold now."""
        return int(self._cache.get_usage())
