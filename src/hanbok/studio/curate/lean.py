"""Has Polars give memory back when it is done with it. Imported before Polars is, which reads this then.

Its allocator (jemalloc) keeps what it had, in an arena for each thread, and after half a second only offers it to a
system that runs short: of each shard 30 MB and more stay with this process meanwhile. One arena, really given back,
takes no time that could be measured.
"""

import os

os.environ["_RJEM_MALLOC_CONF"] = "narenas:1,dirty_decay_ms:500,muzzy_decay_ms:0"
