"""What the benches share: a pool, servers, the engine."""
import collections, contextlib, json, os, random, shutil, signal, socket, subprocess, sys, tempfile, threading, time

REPO = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PASSWORD = 'bench "pass\\word'


def say(text):
    print("bench: " + text, file=sys.stderr, flush=True)


def run(argv, **options):
    if "input" not in options:
        options.setdefault("stdin", subprocess.DEVNULL)
    done = subprocess.run(argv, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=options.pop("timeout", 900), **options)
    if done.returncode != 0:
        sys.exit(f"bench: {' '.join(argv)} ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def basedir_of_mysql():
    return run([REPO + "/scripts/get-mysql"]).strip().splitlines()[-1] + "/9.7"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Pool:
    """A btrfs file system in an image file, gone with the bench."""

    def __init__(self, directory, size):
        self.work = tempfile.mkdtemp(prefix="dlpx-bench.", dir=directory)
        os.chmod(self.work, 0o755)
        self.root = os.path.join(self.work, "pool")
        os.mkdir(self.root)
        image = os.path.join(self.work, "pool.img")
        with open(image, "wb") as file:
            file.truncate(size)
        run(["mkfs.btrfs", "-q", image])
        run(["mount", "-o", "loop,noatime", image, self.root])

    def path(self, name):
        return os.path.join(self.root, name)

    def create(self, name):
        run(["btrfs", "subvolume", "create", self.path(name)])
        shutil.chown(self.path(name), "mysql", "mysql")
        return self.path(name)

    def clone(self, source, name, read_only=False):
        run(["btrfs", "subvolume", "snapshot"] + (["-r"] if read_only else []) + [self.path(source), self.path(name)])
        return self.path(name)

    def delete(self, name):
        run(["btrfs", "subvolume", "delete", self.path(name)])

    def own_bytes(self, name):
        run(["sync", "-f", self.path(name)])
        return int(run(["btrfs", "filesystem", "du", "-s", "--raw", self.path(name)]).splitlines()[-1].split()[1])

    def used_bytes(self):
        """Of the file system, once what was deleted is gone and what was written is on the disk."""
        run(["btrfs", "subvolume", "sync", self.root])
        run(["sync", "-f", self.root])
        facts = os.statvfs(self.root)
        return (facts.f_blocks - facts.f_bfree) * facts.f_frsize

    def close(self):
        subprocess.run(["umount", self.root], check=False)
        shutil.rmtree(self.work, ignore_errors=True)


def stop_server(mount):
    """A clean stop of the server on a mount, waited for."""
    try:
        with open(os.path.join(mount, "mysqld.pid")) as file:
            pid = int(file.read())
    except (FileNotFoundError, NotADirectoryError):
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
        for _ in range(6000):
            os.kill(pid, 0)
            time.sleep(0.01)


class Staging:
    """A staging server of type manual that the bench fills and keeps busy."""

    def __init__(self, pool, tools, basedir, engine=None):
        self.basedir, self.tools = basedir, tools
        self.secret = os.path.join(pool.work, "password")
        self.client = os.path.join(pool.work, "client.cnf")
        quoted = PASSWORD.replace("\\", "\\\\").replace('"', '\\"')
        vdb = os.path.join(pool.work, "vdb.cnf")
        for path, text in ((self.secret, PASSWORD + "\n"), (self.client, f'[client]\nuser=dlpx_admin\npassword="{quoted}"\n'),
                           (vdb, f'[client]\nuser=dev\npassword="{quoted}"\n')):
            with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
                file.write(text)
        self.stopping = threading.Event()
        self.writers = []
        making = ["--type", "manual", "--basedir", basedir, "--port", str(free_port()), "--staging-password-file", self.secret]
        if engine:
            engine("link", "bench", *making)
            self.mount = engine("status", "bench", json_too=True)["mount"]
        else:
            self.mount = pool.create("staging")
            run([tools + "/dlpx-mysql-stage", "init", "--mount", self.mount] + making)

    def mysql(self):
        return [self.basedir + "/bin/mysql", "--defaults-file=" + self.client, "-S", self.mount + "/mysql.sock", "-N"]

    def sql(self, statements):
        return run(self.mysql() + ["-e", statements])

    def fill(self, megabytes):
        self.sql("CREATE DATABASE bench; CREATE TABLE bench.t (id BIGINT PRIMARY KEY AUTO_INCREMENT, k INT, c VARCHAR(400), "
                 "v VARCHAR(100), KEY (k)); INSERT INTO bench.t (k, c, v) VALUES (1, 'first', 'row')")
        insert = ("SET SESSION sql_log_bin=0; INSERT INTO bench.t (k, c, v) SELECT RAND() * 1000000, "
                  "CONCAT(SHA2(RAND(), 256), REPEAT(SHA2(RAND(), 256), 4)), SHA2(RAND(), 256) FROM bench.t LIMIT 200000")
        file = self.mount + "/data/bench/t.ibd"
        while os.stat(file).st_blocks * 512 < megabytes * 1000 * 1000:
            self.sql(insert)

    def keep_busy(self, writers=2):
        highest = int(self.sql("SELECT MAX(id) FROM bench.t"))

        def transaction():
            ids = sorted(random.randrange(highest) for _ in range(50))  # in order: no deadlocks
            return "START TRANSACTION;\n" + "".join(
                f"UPDATE bench.t SET v = CONCAT('a', RAND()) WHERE id = {number};\n"
                "INSERT INTO bench.t (k, c, v) VALUES (1, REPEAT('z', 300), 'q');\n" for number in ids) + "COMMIT;\n"

        def write():
            client = subprocess.Popen(self.mysql(), stdin=subprocess.PIPE, text=True)
            with contextlib.suppress(BrokenPipeError):
                while not self.stopping.is_set():
                    client.stdin.write(transaction())
                    client.stdin.flush()
                client.stdin.close()
            client.wait()

        self.writers = [threading.Thread(target=write) for _ in range(writers)]
        for writer in self.writers:
            writer.start()

    def snapshot(self, pool):
        tool = [self.tools + "/dlpx-mysql-stage"]
        password = ["--mount", self.mount, "--staging-password-file", self.secret]
        run(tool + ["pre-snapshot", "--snapshot-mode", "hot"] + password)
        pool.clone("staging", "snapshot", read_only=True)
        run(tool + ["post-snapshot"] + password)

    def rest(self):
        self.stopping.set()
        for writer in self.writers:
            writer.join()
        run([self.tools + "/dlpx-mysql-stage", "stop", "--mount", self.mount])


class Engine:
    """The local engine with a pool in a directory of the bench's own."""

    def __init__(self, pool, tools):
        self.tool, self.directory = tools + "/dlpx-mysql-engine", pool.path("engine")
        self.home = os.path.join(pool.work, "home")
        self("pool", "create", "--driver", "btrfs", "--directory", self.directory)

    def __call__(self, *words, json_too=False):
        out = run([self.tool, *words, "--home", self.home] + (["--json"] if json_too else []))
        return json.loads(out) if json_too else out

    def newest_snapshot(self, name):
        return self("snapshots", name, json_too=True)["snapshots"][-1]["name"]

    def snapshot_path(self, name):
        return max(os.scandir(os.path.join(self.directory, "snapshots", name)), key=lambda entry: entry.stat().st_ctime).path


def stop_all(pool):
    for directory, names, files in os.walk(pool.root):
        if "mysqld.pid" in files and "/snapshot" not in directory:
            stop_server(directory)
        names[:] = [name for name in names if name not in ("data", "log", "tmp")]


Bed = collections.namedtuple("Bed", "pool tools basedir engine")


@contextlib.contextmanager
def snapshot_under_load(arguments, through_engine=False):
    """A pool with a snapshot of staging, of the size that was asked for, which was taken while writers were at work."""
    tools = os.path.join(arguments.build, "bin")
    basedir = basedir_of_mysql()
    pool = Pool(arguments.dir, (arguments.size * 12 + 4000) * 1000 * 1000)
    os.environ["DLPX_MYSQL_REGISTRY"] = os.path.join(pool.work, "registry")
    staging = None
    try:
        engine = Engine(pool, tools) if through_engine else None
        staging = Staging(pool, tools, basedir, engine)
        say(f"filling staging with {arguments.size} MB")
        staging.fill(arguments.size)
        staging.keep_busy()
        time.sleep(5)  # the load writes redo; nothing is waited for
        if engine:
            engine("sync", "bench")
        else:
            staging.snapshot(pool)
        staging.rest()
        yield Bed(pool, tools, basedir, engine)
    finally:
        if staging:
            staging.stopping.set()
        stop_all(pool)
        pool.close()
