"""The suite runs in one process per core: each gets one BLAS thread, more would wait for each other."""

from __future__ import annotations

import os

if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # of the processes that tests start
    from threadpoolctl import threadpool_limits

    threadpool_limits(limits=1, user_api="blas")
