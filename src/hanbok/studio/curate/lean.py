"""Has Polars give memory back when it is done with it. Imported before Polars is, which reads this then.

Its allocator (jemalloc) keeps what it had in an arena for each thread, and only offers it to a system that runs short:
of each shard 30 to 60 MB stay with this process and are counted as its own. One arena, given back after a second,
costs no time that could be measured.
"""

import os

os.putenv("_RJEM_MALLOC_CONF", "narenas:1,dirty_decay_ms:1000,muzzy_decay_ms:0")
