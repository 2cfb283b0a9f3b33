"""Units of so many milliseconds through Celery and Redis: python celery_units.py COUNT MS. Prints the CPU seconds of all its processes.

As an expert would run it where nothing may be lost: Redis writes every change to its log, tasks are acknowledged when they have
ended, results are not kept, a worker takes sixteen at a time.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time

import celery
import redis

PORT = int(os.environ.get("PORT", "6399"))
app = celery.Celery("units", broker=f"redis://127.0.0.1:{PORT}/0")
app.conf.update(
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_ignore_result=True,
    worker_prefetch_multiplier=16,
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
)


@app.task(name="unit")
def unit(order: str, ms: float) -> None:
    until = time.thread_time() + ms / 1000.0
    json.loads(order)
    while time.thread_time() < until:
        pass


def main(count: int, ms: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        options = ["--port", str(PORT), "--dir", folder, "--appendonly", "yes", "--appendfsync", "everysec", "--save", ""]
        server = subprocess.Popen(["redis-server", *options], stdout=subprocess.DEVNULL)
        store = redis.Redis(port=PORT)
        while True:
            try:
                store.ping()
                break
            except redis.ConnectionError:
                time.sleep(0.02)
        for n in range(count):
            order = json.dumps({"template": "phone-case", "parameters": {"name": f"Zoe {n}"}})
            unit.delay(order, ms)
        worker = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "celery_units", "worker", "-c", "1", "--without-gossip", "--without-mingle",
             "--loglevel", "ERROR"],
            cwd=os.path.dirname(os.path.abspath(__file__)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        while store.llen("celery") or store.hlen("unacked"):
            time.sleep(0.02)
        worker.terminate()
        worker.wait()
        store.shutdown(nosave=True)
        server.wait()
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    print(json.dumps({"cpu_s": sum(used.ru_utime + used.ru_stime for used in both)}))


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
