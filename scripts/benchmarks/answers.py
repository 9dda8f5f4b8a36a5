"""How long the tools take to answer."""
import json, os, shutil, statistics, tempfile, time

from benchmarks.common import PASSWORD, basedir_of_mysql, free_port, run


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
        figures = {name: [] for name in commands}
        for _ in range(3 * arguments.runs):
            for name, command in commands.items():
                began = time.monotonic()
                run(command)
                figures[name].append(time.monotonic() - began)
    finally:
        run([tools + "stage", "remove", "--mount", mount])
        shutil.rmtree(work)
    medians = {name: statistics.median(seconds) for name, seconds in figures.items()}
    if arguments.json:
        print(json.dumps({"medians": medians}))
    else:
        for name, seconds in medians.items():
            print(f"{'ok    ' if seconds < 0.05 else 'MISSED'}  {name:<16} {seconds * 1000:6.1f} ms   target < 50 ms")
    return 0 if max(medians.values()) < 0.05 else 1
