"""How much memory `dlpx-mysql-backup inspect` needs for a dump far larger than memory should be."""
import os, subprocess, time

BYTES = 3 << 30
HEAD = b"""-- MySQL dump 10.13  Distrib 9.7.4, for Linux (x86_64)
--
-- Host: localhost    Database: big
-- Server version\t9.7.4
-- CHANGE REPLICATION SOURCE TO SOURCE_LOG_FILE='b.000001', SOURCE_LOG_POS=157;
CREATE DATABASE `big`;
USE `big`;
CREATE TABLE `t` (`id` int);
"""
ROWS = b"INSERT INTO `t` VALUES " + b",".join(b"(%d)" % i for i in range(100000)) + b";\n"
TAIL = b"\n-- Dump completed on 2026-01-01 00:00:00\n"


def write_compressed(path):
    """Through a pipe: the dump itself is nowhere."""
    with open(path, "wb") as file:
        zstd = subprocess.Popen(["zstd", "-1", "-q", "-c"], stdin=subprocess.PIPE, stdout=file)
        zstd.stdin.write(HEAD)
        for _ in range(BYTES // len(ROWS) + 1):
            zstd.stdin.write(ROWS)
        zstd.stdin.write(TAIL)
        zstd.stdin.close()
        if zstd.wait() != 0:
            raise RuntimeError("zstd failed")


def write_plain(path):
    """A hole in place of the rows: it takes no disk, and inspect reads head and tail only."""
    with open(path, "wb") as file:
        file.write(HEAD)
        file.seek(BYTES)
        file.write(TAIL)


def measure(tool, path):
    """Seconds and the most megabytes of memory."""
    began = time.monotonic()
    child = subprocess.Popen([tool, "inspect", path], stdout=subprocess.PIPE)
    sheet = child.stdout.read().decode()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = status
    if status != 0 or "b.000001:157" not in sheet or "\ncomplete        yes" not in sheet:
        raise RuntimeError(f"inspect of {path}: exit {status}\n{sheet}")
    return time.monotonic() - began, usage.ru_maxrss / 1024


def inspect_figures(tool, work):
    figures = {}
    for name, write in (("3 GB, zstd", write_compressed), ("3 GB, plain", write_plain)):
        path = os.path.join(work, "dump")
        write(path)
        figures["inspect " + name] = measure(tool, path)
        os.remove(path)
    return figures
