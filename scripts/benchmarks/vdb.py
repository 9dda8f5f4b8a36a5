"""Operations through the local engine, and many small VDBs on one host."""
import json, os, re, statistics, sys, time

from benchmarks.common import free_port, run, say, snapshot_under_load
from benchmarks.provision import ProvisionBench


class VdbBench:
    def __init__(self, pool, tools, basedir, engine):
        self.pool, self.engine = pool, engine
        self.building = ["--from", "bench", "--basedir", basedir, "--user", "dev", "--password-file", os.path.join(pool.work, "password")]
        self.direct = ProvisionBench(pool, tools, basedir, engine.snapshot_path("bench"))

    def provision(self, name, *more):
        began = time.monotonic()
        self.engine("provision", name, "--port", str(free_port()), *self.building, *more)
        return time.monotonic() - began, self.engine("status", name, json_too=True)["mount"]

    def operation(self, word):
        began = time.monotonic()
        self.engine(word, "dev")
        return time.monotonic() - began

    def ratios(self, runs):
        figures = self.direct.figures() | {"clean stop": [], "refresh": [], "rewind": []}
        self.direct.provisioned()
        self.provision("dev")
        def bare():
            self.direct.bare(figures, False)

        def timed(word):
            return lambda: figures[word].append(self.operation(word))

        def stopped():
            figures["clean stop"].append(self.operation("stop"))
            self.operation("start")

        turns = [bare, timed("refresh"), lambda: self.direct.provisioned(figures), timed("rewind"), bare, stopped]
        for number in range(runs):
            for turn in turns:  # refresh, rewind and stop each find a VDB that ran for as long as another turn took
                turn()
            say(f"round {number + 1} of {runs}: " + ", ".join(
                f"{name} {figures[name][-1]:.2f} s" for name in ("bare start", "clean stop", "provision", "refresh", "rewind")))
        self.engine("delete", "dev")
        return figures

    def growth(self, count):
        """(seconds, bytes that the pool grew, resident bytes) of each small VDB, the others running."""
        grown, mounts = [], []
        used = self.pool.used_bytes()
        for number in range(1, count + 1):
            seconds, mount = self.provision(f"small{number}", "--profile", "small")
            before, used = used, self.pool.used_bytes()
            grown.append((seconds, used - before, self.resident(mount)))
            mounts.append(mount)
            say(f"VDB {number} of {count}: {seconds:.2f} s")
        for number, mount in enumerate(mounts, 1):
            client = self.direct.basedir + "/bin/mysql"
            rows = run([client, "--defaults-file=" + os.path.join(self.pool.work, "vdb.cnf"), "-S", mount + "/mysql.sock", "-N", "-e",
                        "SELECT COUNT(*) > 0 FROM bench.t"])
            if rows.strip() != "1":
                sys.exit(f"bench: VDB {number} does not answer")
        for number in range(1, count + 1):
            self.engine("delete", f"small{number}")
        return grown

    @staticmethod
    def resident(mount):
        with open(mount + "/mysqld.pid") as file:
            pid = int(file.read())
        with open(f"/proc/{pid}/status") as file:
            return int(re.search(r"VmRSS:\s+(\d+) kB", file.read()).group(1)) * 1024


def bench_vdb(arguments):
    with snapshot_under_load(arguments, through_engine=True) as bed:
        bench = VdbBench(bed.pool, bed.tools, bed.basedir, bed.engine)
        figures = bench.ratios(arguments.runs)
        grown = bench.growth(arguments.count)
    return report_vdb(figures, grown, arguments)


def report_vdb(figures, grown, arguments):
    median = {name: statistics.median(values) for name, values in figures.items() if name != "steps" and values}
    bare, stop = median["bare start"], median["clean stop"]
    rows = [("provision", median["provision"], 1.25 * bare + 0.3, f"{(median['provision'] - 0.3) / bare:.2f} × + 0.3 s",
             "≤ 1.25 × bare start + 0.3 s")]
    for name in ("refresh", "rewind"):
        rows.append((name, median[name], 1.4 * bare + stop, f"{(median[name] - stop) / bare:.2f} × + stop", "≤ 1.4 × bare start + stop"))
    rows.append(("disk of a fresh VDB", median["own bytes"], 48e6, f"{median['own bytes'] / 1e6:.0f} MB", "≤ 48 MB"))
    most = max(resident for _, _, resident in grown)
    rows.append(("memory of a small VDB", most, 220 * 2**20, f"{most / 2**20:.0f} MB", "≤ 220 MB"))
    missed = [row[0] for row in rows if row[1] > row[2]]
    if arguments.json:
        print(json.dumps({"medians": median, "runs": figures, "growth": grown, "missed": missed}))
        return 1 if missed else 0
    print(f"{arguments.size} MB, {arguments.runs} rounds, medians (spread):")
    for name in ("bare start", "clean stop", "provision", "refresh", "rewind"):
        print(f"  {name:<12} {median[name]:6.2f} s  ({min(figures[name]):.2f} to {max(figures[name]):.2f})")
    print("  small VDBs through the engine; the pool grew by each VDB and its first snapshot:")
    for number, (seconds, own, resident) in enumerate(grown, 1):
        if number in (1, 2, 5, 10, 15, len(grown)):
            print(f"    {number:>3}   {seconds:6.2f} s   {own / 1e6:4.0f} MB of pool   {resident / 2**20:4.0f} MB resident")
    for name, value, target, shown, wanted in rows:
        print(f"{'ok    ' if value <= target else 'MISSED'}  {name:<24} {shown:>18}   target {wanted}")
    return 1 if missed else 0
