"""A VDB from a hot snapshot against bare starts of mysqld."""
import contextlib, json, os, re, statistics, time

from benchmarks.common import free_port, run, say, snapshot_under_load, stop_server


class ProvisionBench:
    def __init__(self, pool, tools, basedir, snapshot="snapshot"):
        self.pool, self.tools, self.basedir, self.snapshot = pool, tools, basedir, snapshot
        self.template = None
        self.count = 0

    def clone(self):
        self.count += 1
        name = f"clone{self.count}"
        self.pool.clone(self.snapshot, name)
        return name, self.pool.path(name)

    def timed(self, argv):
        begin = time.monotonic()
        out = run(argv)
        return time.monotonic() - begin, out

    def provisioned(self, figures=None):
        name, mount = self.clone()
        seconds, out = self.timed([self.tools + "/dlpx-mysql-vdb", "provision", "--json", "--mount", mount, "--basedir",
                                   self.basedir, "--port", str(free_port()), "--user", "dev", "--password-file",
                                   os.path.join(self.pool.work, "password")])
        with open(mount + "/my.cnf") as file:
            self.template = (mount, file.read())
        if figures is not None:
            figures["provision"].append(seconds)
            figures["own bytes"].append(self.pool.own_bytes(name))
            figures["steps"].append(json.loads(out)["report"]["seconds"])
        self.drop(name, mount)

    def bare(self, figures, after_clean_shutdown):
        name, mount = self.clone()
        original, text = self.template
        port = re.search(r"^port=(\d+)", text, re.M).group(1)
        text = text.replace(original + "/", mount + "/").replace(f"port={port}", f"port={free_port()}")
        with open(mount + "/my.cnf", "w") as file:
            file.write(text)
        with contextlib.suppress(FileNotFoundError):
            os.remove(mount + "/mysqld.pid")
        start = [self.basedir + "/bin/mysqld", f"--defaults-file={mount}/my.cnf", "--daemonize", "--user=mysql"]
        if after_clean_shutdown:
            run(start)
            stop_server(mount)
        seconds, _ = self.timed(start)
        figures["clean start" if after_clean_shutdown else "bare start"].append(seconds)
        self.drop(name, mount)

    def drop(self, name, mount):
        stop_server(mount)
        self.pool.delete(name)

    @staticmethod
    def figures():
        return {name: [] for name in ("bare start", "provision", "clean start", "own bytes", "steps")}

    def measure(self, runs):
        figures = self.figures()
        self.provisioned()
        turns = [lambda: self.bare(figures, False), lambda: self.provisioned(figures), lambda: self.bare(figures, True)]
        for number in range(runs):
            for turn in turns[number % 3:] + turns[:number % 3]:
                turn()
            say(f"round {number + 1} of {runs}: " + ", ".join(
                f"{name} {figures[name][-1]:.2f} s" for name in ("bare start", "provision", "clean start")))
        return figures


def bench_provision(arguments):
    with snapshot_under_load(arguments) as bed:
        figures = ProvisionBench(bed.pool, bed.tools, bed.basedir).measure(arguments.runs)
    return report_provision(figures, arguments)


def report_provision(figures, arguments):
    median = {name: statistics.median(values) for name, values in figures.items() if name != "steps"}
    steps = {name: statistics.median(step.get(name, 0) for step in figures["steps"]) for name in figures["steps"][0]}
    rows = [("provision against a bare start", median["provision"] - 0.3, 1.25 * median["bare start"],
             f"{(median['provision'] - 0.3) / median['bare start']:.2f} × + 0.3 s", "≤ 1.25 × + 0.3 s"),
            ("provision against a clean start", median["provision"], 3 * median["clean start"],
             f"{median['provision'] / median['clean start']:.2f} ×", "≤ 3 ×"),
            ("disk that a fresh VDB owns", median["own bytes"], 48e6, f"{median['own bytes'] / 1e6:.0f} MB", "≤ 48 MB")]
    missed = [row for row in rows if row[1] > row[2]]
    if arguments.json:
        print(json.dumps({"medians": median, "steps": steps, "runs": figures, "missed": [row[0] for row in missed]}))
        return 1 if missed else 0
    print(f"{arguments.size} MB, {arguments.runs} rounds, medians (spread):")
    for name in ("bare start", "provision", "clean start"):
        print(f"  {name:<12} {median[name]:6.2f} s  ({min(figures[name]):.2f} to {max(figures[name]):.2f})")
    print("  steps        " + ", ".join(f"{name} {seconds:.2f}" for name, seconds in steps.items()))
    for name, value, target, shown, wanted in rows:
        print(f"{'ok    ' if value <= target else 'MISSED'}  {name:<32} {shown:>16}   target {wanted}")
    return 1 if missed else 0
