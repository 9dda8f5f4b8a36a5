"""How long the tools take to answer."""
import json, os, shutil, statistics, tempfile, time

from benchmarks.common import PASSWORD, basedir_of_mysql, free_port, run
from benchmarks.inspect import inspect_figures

INSPECT_MEGABYTES = 48  # libraries included


def bench_answers(arguments):
    tools = os.path.join(arguments.build, "bin") + "/dlpx-mysql-"
    basedir = basedir_of_mysql()
    work = tempfile.mkdtemp(prefix="dlpx-bench.", dir=arguments.dir)
    os.chmod(work, 0o755)
    os.environ["DLPX_MYSQL_REGISTRY"] = os.path.join(work, "registry")
    mount, password = os.path.join(work, "mount"), os.path.join(work, "password")
    os.mkdir(mount)
    with open(os.open(password, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
        file.write(PASSWORD)
    try:
        run([tools + "stage", "init", "--type", "manual", "--mount", mount, "--basedir", basedir, "--port", str(free_port()),
             "--staging-password-file", password])
        commands = {f"{name} --help": [tools + name, "--help"] for name in ("stage", "backup", "vdb", "engine")}
        commands["stage status"] = [tools + "stage", "status", "--mount", mount]
        commands["stage discover"] = [tools + "stage", "discover"]
        commands["stage discover --source-config"] = [tools + "stage", "discover", "--source-config"]
        figures = {name: [] for name in commands}
        for _ in range(3 * arguments.runs):
            for name, command in commands.items():
                began = time.monotonic()
                run(command)
                figures[name].append(time.monotonic() - began)
        inspected = inspect_figures(tools + "backup", work)
    finally:
        run([tools + "stage", "remove", "--mount", mount])
        shutil.rmtree(work)
    medians = {name: statistics.median(seconds) for name, seconds in figures.items()}
    missed = [name for name, seconds in medians.items() if seconds >= target_of(name)]
    large = [name for name, (_, megabytes) in inspected.items() if megabytes >= INSPECT_MEGABYTES]
    if arguments.json:
        print(json.dumps({"medians": medians, "inspect": inspected}))
    else:
        for name, seconds in medians.items():
            print(f"{'MISSED' if name in missed else 'ok    '}  {name:<30} {seconds * 1000:6.1f} ms   "
                  f"target < {target_of(name) * 1000:.0f} ms")
        for name, (seconds, megabytes) in inspected.items():
            print(f"{'MISSED' if name in large else 'ok    '}  {name:<30} {megabytes:6.1f} MB   "
                  f"target < {INSPECT_MEGABYTES} MB   ({seconds:.1f} s)")
    return 1 if missed or large else 0


def target_of(name):
    # Every installation's mysqld is started to tell its version.
    return 0.5 if name.startswith("stage discover") else 0.05
