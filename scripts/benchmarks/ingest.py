"""Ways of a source's data into staging, against what MySQL's own programs take for it."""
import json, os, re, shutil, statistics, subprocess, sys, tempfile, time

from benchmarks.common import PASSWORD, basedir_of_mysql, free_port, run, say, stop_server

TABLES = 8


class Source:
    """A server of its own with the tables, and an account that may do all that ingestion needs."""

    def __init__(self, work, basedir):
        self.work, self.basedir, self.port = work, basedir, free_port()
        self.mount = os.path.join(work, "source")
        os.makedirs(self.mount + "/data")
        for path in (self.mount, self.mount + "/data"):
            shutil.chown(path, "mysql", "mysql")
        server = [basedir + "/bin/mysqld", "--no-defaults", "--user=mysql", f"--datadir={self.mount}/data", "--mysqlx=OFF",
                  "--secure-file-priv=NULL", f"--log-error={self.mount}/error.log"]
        run(server + ["--initialize-insecure"])
        run(server + ["--daemonize", f"--socket={self.mount}/mysql.sock", f"--port={self.port}", "--bind-address=127.0.0.1",
                      f"--pid-file={self.mount}/mysqld.pid", "--plugin-load-add=mysql_clone.so", "--gtid-mode=ON",
                      "--enforce-gtid-consistency=ON", "--innodb-buffer-pool-size=256M", "--max-allowed-packet=64M",
                      "--innodb-flush-log-at-trx-commit=2", "--server-id=1"])
        self.secret, self.client = os.path.join(work, "password"), os.path.join(work, "client.cnf")
        quoted = PASSWORD.replace("\\", "\\\\").replace('"', '\\"')
        write_secret(self.secret, PASSWORD + "\n")
        write_secret(self.client, f'[client]\nuser=copier\npassword="{quoted}"\n')
        literal = PASSWORD.replace("\\", "\\\\").replace("'", "\\'")
        run(self.root(), input=f"CREATE USER copier@'%' IDENTIFIED BY '{literal}';\nGRANT ALL ON *.* TO copier@'%';\n")

    def root(self):
        return [self.basedir + "/bin/mysql", "--no-defaults", "--user=root", "-S", self.mount + "/mysql.sock"]

    def fill(self, megabytes):
        """TABLES alike, which share the megabytes: 5 kinds of columns, 3 secondary indexes."""
        create = ("(id BIGINT PRIMARY KEY AUTO_INCREMENT, k INT NOT NULL, code CHAR(12) NOT NULL, at DATETIME NOT NULL, amount DECIMAL(12,2), "
                  "body VARCHAR(500), KEY (k), KEY (code), KEY by_time (at, amount))")
        row = ("SELECT RAND() * 1000000, LEFT(SHA2(RAND(), 256), 12), '2020-01-01' + INTERVAL RAND() * 100000000 SECOND, RAND() * 10000, "
               "CONCAT(SHA2(RAND(), 256), REPEAT(SHA2(RAND(), 256), 4))")
        insert = f"INSERT INTO bench.t1 (k, code, at, amount, body) {row}"
        run(self.root(), input=f"SET sql_log_bin = 0; CREATE DATABASE bench; CREATE TABLE bench.t1 {create}; {insert};")
        while os.stat(self.mount + "/data/bench/t1.ibd").st_blocks * 512 < megabytes * 1000 * 1000 / TABLES:
            run(self.root(), input=f"SET sql_log_bin = 0; {insert} FROM bench.t1 LIMIT 40000;")
        for number in range(2, TABLES + 1):
            run(self.root(), input=f"SET sql_log_bin = 0; CREATE TABLE bench.t{number} LIKE bench.t1; "
                                   f"INSERT INTO bench.t{number} SELECT * FROM bench.t1;")

    def dump_command(self):
        return [self.basedir + "/bin/mysqldump", f"--defaults-file={self.client}", "-h127.0.0.1", f"-P{self.port}",
                "--single-transaction", "--source-data=2", "--set-gtid-purged=OFF", "--databases", "bench"]

    def rows(self):
        return run(self.root() + ["-N"], input=count_statement())


def write_secret(path, text):
    with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
        file.write(text)


def count_statement():
    return "".join(f"SELECT COUNT(*), SUM(id), SUM(k) FROM bench.t{number};" for number in range(1, TABLES + 1))


def watched(argv):
    """(seconds, most resident bytes) of one of our programs, without the servers it starts."""
    began, peak = time.monotonic(), 0
    with tempfile.TemporaryFile("w+") as errors:
        child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors)
        while child.poll() is None:
            try:
                with open(f"/proc/{child.pid}/status") as file:
                    peak = max(peak, int(re.search(r"VmHWM:\s+(\d+)", file.read()).group(1)) * 1024)
            except (AttributeError, FileNotFoundError, ProcessLookupError):
                pass  # between its end and our look
            time.sleep(0.02)
        if child.returncode != 0:
            errors.seek(0)
            sys.exit(f"bench: {' '.join(argv)} ended with {child.returncode}\n{errors.read()}")
    return time.monotonic() - began, peak


class IngestBench:
    def __init__(self, source, tools, dump):
        self.source, self.tools, self.dump = source, tools, dump
        self.seconds, self.peaks, self.count = {}, {}, 0

    def mount(self):
        self.count += 1
        path = os.path.join(self.source.work, f"staging{self.count}")
        os.mkdir(path)
        return path

    def init(self, mount, *more):
        return [self.tools + "/dlpx-mysql-stage", "init", "--mount", mount, "--basedir", self.source.basedir, "--port", str(free_port()),
                "--staging-password-file", self.source.secret, *more]

    def empty(self, name="empty server"):
        """A server that is configured as staging, and ours to fill."""
        mount = self.mount()
        began = time.monotonic()
        run(self.init(mount, "--type", "manual"))
        self.note(name, time.monotonic() - began)
        return mount

    def bare_server(self):
        """What its user does without us, with the same my.cnf: mysqld makes the data directory, and starts."""
        mount = self.mount()
        run(self.init(mount, "--type", "manual"))
        stop_server(mount)
        shutil.rmtree(mount + "/data")
        server = [self.source.basedir + "/bin/mysqld", f"--defaults-file={mount}/my.cnf", "--user=mysql"]
        began = time.monotonic()
        run(server + ["--initialize-insecure"])
        run(server + ["--daemonize"])
        self.note("bare server", time.monotonic() - began)
        self.leave(mount, check=False)

    def client(self, mount):
        admin = os.path.join(self.source.work, "admin.cnf")
        if not os.path.exists(admin):
            with open(self.source.client) as file:
                write_secret(admin, file.read().replace("copier", "dlpx_admin"))
        return [self.source.basedir + "/bin/mysql", "--defaults-file=" + admin, "-S", mount + "/mysql.sock"]

    def note(self, name, seconds, peak=None):
        self.seconds.setdefault(name, []).append(seconds)
        if peak:
            self.peaks[name] = max(peak, self.peaks.get(name, 0))

    def leave(self, mount, check=True):
        if check and run(self.client(mount) + ["-N"], input=count_statement()) != self.source.rows():
            sys.exit(f"bench: {mount} does not hold what the source holds")
        stop_server(mount)
        shutil.rmtree(mount)

    def ours(self, name, method):
        mount = self.mount()
        self.note(name, *watched(self.init(
            mount, "--method", method, "--source-host", "127.0.0.1", "--source-port", str(self.source.port), "--source-user", "copier",
            "--source-password-file", self.source.secret, *(["--backup", self.dump] if method == "file" else []))))
        self.leave(mount)

    def bare_clone(self):
        mount = self.empty()
        literal = PASSWORD.replace("\\", "\\\\").replace("'", "\\'")
        run(self.client(mount), input="INSTALL PLUGIN clone SONAME 'mysql_clone.so';\n"
                                      f"SET GLOBAL clone_valid_donor_list = '127.0.0.1:{self.source.port}';\n")
        began = time.monotonic()
        done = subprocess.run(self.client(mount), text=True, capture_output=True, check=False, input=
                              f"CLONE INSTANCE FROM copier@127.0.0.1:{self.source.port} IDENTIFIED BY '{literal}';\n")
        self.note("CLONE statement", time.monotonic() - began)
        if "ERROR 3707" not in done.stderr:  # nothing restarts the server: the clone is complete
            sys.exit("bench: CLONE failed: " + done.stderr)
        self.leave(mount, check=False)

    def piped(self):
        mount = self.empty()
        began = time.monotonic()
        with subprocess.Popen(self.source.dump_command(), stdout=subprocess.PIPE) as dump:
            run(self.client(mount), stdin=dump.stdout)
        if dump.returncode != 0:
            sys.exit("bench: mysqldump failed")
        self.note("mysqldump | mysql", time.monotonic() - began)
        self.leave(mount)

    def from_file(self):
        mount = self.empty()
        began = time.monotonic()
        with open(self.dump) as file:
            run(self.client(mount), stdin=file)
        self.note("mysql <", time.monotonic() - began)
        self.leave(mount)

    def restored(self):
        mount = self.empty()
        self.note("restore", *watched([self.tools + "/dlpx-mysql-backup", "restore", self.dump, "--mount", mount,
                                       "--staging-password-file", self.source.secret]))
        self.leave(mount)

    def measure(self, runs):
        self.leave(self.empty("first server"), check=False)  # makes what is kept for the next ones
        turns = [self.bare_server, self.bare_clone, lambda: self.ours("init by clone", "clone"), self.piped,
                 lambda: self.ours("init by copy", "copy"), self.from_file, self.restored, lambda: self.ours("init by file", "file")]
        for number in range(runs):
            for turn in turns[number % len(turns):] + turns[:number % len(turns)]:
                turn()
            say(f"round {number + 1} of {runs}: " + ", ".join(f"{name} {seconds[-1]:.1f} s" for name, seconds in self.seconds.items()))


def bench_ingest(arguments):
    work = tempfile.mkdtemp(prefix="dlpx-bench.", dir=arguments.dir)
    os.chmod(work, 0o755)
    os.environ["DLPX_MYSQL_REGISTRY"] = os.path.join(work, "registry")
    try:
        source = Source(work, basedir_of_mysql())
        say(f"filling a source with {arguments.size} MB")
        source.fill(arguments.size)
        dump = os.path.join(work, "dump.sql")
        with open(dump, "wb") as file:
            subprocess.run(source.dump_command(), stdout=file, check=True)
        bench = IngestBench(source, os.path.join(arguments.build, "bin"), dump)
        bench.measure(arguments.runs)
    finally:
        for name in os.listdir(work):
            stop_server(os.path.join(work, name))
        shutil.rmtree(work, ignore_errors=True)
    return report(bench, arguments)


def report(bench, arguments):
    median = {name: statistics.median(values) for name, values in bench.seconds.items()}
    clone, statement = median["init by clone"], median["CLONE statement"]
    copied = (median["mysqldump | mysql"] + median["bare server"]) / median["init by copy"]
    restored = median["mysql <"] / median["restore"]
    peak = max(bench.peaks.values())
    rows = [("init by clone, in all", clone <= 2.5 * statement + 6, f"{(clone - 6) / statement:.2f} × + 6 s", "≤ 2.5 × CLONE + 6 s"),
            ("init by copy, in all", copied >= 3, f"{copied:.2f} × as fast", "≥ 3 × bare server + mysqldump | mysql"),
            ("restore of a mysqldump", restored >= 2.5, f"{restored:.2f} × as fast", "≥ 2.5 × mysql <"),
            ("memory of our processes", peak <= 200 * 2**20, f"{peak / 2**20:.0f} MB", "≤ 200 MB")]
    missed = [name for name, met, _, _ in rows if not met]
    if arguments.json:
        print(json.dumps({"medians": median, "runs": bench.seconds, "peak bytes": bench.peaks, "missed": missed}))
        return 1 if missed else 0
    print(f"{arguments.size} MB in {TABLES} tables, {arguments.runs} rounds, medians (spread):")
    for name, values in bench.seconds.items():
        memory = f"   {bench.peaks[name] / 2**20:4.0f} MB" if name in bench.peaks else ""
        print(f"  {name:<18} {median[name]:6.1f} s  ({min(values):.1f} to {max(values):.1f}){memory}")
    for name, met, shown, wanted in rows:
        print(f"{'ok    ' if met else 'MISSED'}  {name:<24} {shown:>18}   target {wanted}")
    print(f"        (init by copy without the making of its server, against the pipe alone: "
          f"{median['mysqldump | mysql'] / (median['init by copy'] - median['empty server']):.2f} × as fast; with it: "
          f"{median['mysqldump | mysql'] / median['init by copy']:.2f})")
    return 1 if missed else 0
