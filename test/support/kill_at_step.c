// A library for LD_PRELOAD that stops a process of ours, by SIGKILL, at a chosen step of its journal: no line of the
// programs knows about it. Every journal write ends in a rename to "…state.json"; each is appended to the file
// KILL_AT_STEP_LOG, and the one whose number is KILL_AT_STEP_INDEX (from 1, over all processes of a run) kills its process (as
// does one whose step is KILL_AT_STEP_NAME), right after the step is on disk and before its first effect. With KILL_AT_STEP_RUN
// the named step runs that command of the shell instead, once: other writes of facts repeat the step.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static int endsWith(const char* text, const char* end) {
  size_t length = strlen(text), tail = strlen(end);
  return length >= tail && strcmp(text + length - tail, end) == 0;
}

// The value of a string member of the journal, by a look at the text: the file is ours, one member a line.
static void member(const char* document, const char* name, char* value, size_t size) {
  value[0] = '\0';
  const char* at = strstr(document, name);
  if (at == NULL || (at = strchr(at, ':')) == NULL || (at = strchr(at, '"')) == NULL) return;
  const char* end = strchr(++at, '"');
  if (end != NULL) snprintf(value, size, "%.*s", (int)(end - at), at);
}

static int countLines(const char* file) {
  FILE* log = fopen(file, "re");
  int lines = 0;
  for (int c; log != NULL && (c = fgetc(log)) != EOF;) lines += c == '\n';
  if (log != NULL) fclose(log);
  return lines;
}

int rename(const char* from, const char* to) {
  static int (*realRename)(const char*, const char*);
  if (realRename == NULL) *(void**)&realRename = dlsym(RTLD_NEXT, "rename");
  const char* log = getenv("KILL_AT_STEP_LOG");
  if (log == NULL || !endsWith(to, "state.json")) return realRename(from, to);

  char document[65536] = "";
  FILE* content = fopen(from, "re");
  if (content != NULL) {
    document[fread(document, 1, sizeof document - 1, content)] = '\0';
    fclose(content);
  }
  const int result = realRename(from, to);
  const char* journal = strstr(document, "\"journal\"");
  if (journal == NULL) return result;

  char operation[128], step[128];
  member(journal, "\"operation\"", operation, sizeof operation);
  member(journal, "\"step\"", step, sizeof step);
  const int fd = open(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
  if (fd >= 0) {
    flock(fd, LOCK_EX);
    dprintf(fd, "%s: %s\n", operation, step);
    close(fd);
  }
  const char* index = getenv("KILL_AT_STEP_INDEX");
  if (index != NULL && countLines(log) == atoi(index)) kill(getpid(), SIGKILL);
  const char* name = getenv("KILL_AT_STEP_NAME");
  const char* command = getenv("KILL_AT_STEP_RUN");
  if (name == NULL || strcmp(name, step) != 0) return result;
  if (command == NULL) kill(getpid(), SIGKILL);
  static int ran;
  if (!ran++ && system(command) != 0) abort();
  return result;
}
