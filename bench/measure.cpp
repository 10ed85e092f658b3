// Runs a command and says what it cost: measure OUTPUT COMMAND… writes one line of JSON to the file OUTPUT. It exists
// because the peak memory that wait4() reports starts at that of the process that started the command: this one is
// small.
#include <chrono>
#include <csignal>
#include <cstdio>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: measure OUTPUT COMMAND...\n");
    return 2;
  }
  const auto started = std::chrono::steady_clock::now();
  const pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    execvp(argv[2], argv + 2);
    std::perror(argv[2]);
    _exit(127);
  }
  int status = 0;
  rusage usage{};
  wait4(child, &status, 0, &usage);
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - started;
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  std::FILE* output = std::fopen(argv[1], "w");
  if (output == nullptr) {
    std::perror(argv[1]);
    return 2;
  }
  std::fprintf(output, "{\"wall\": %.4f, \"cpu\": %.4f, \"rss_kb\": %ld, \"code\": %d}\n", wall.count(),
               seconds(usage.ru_utime) + seconds(usage.ru_stime), usage.ru_maxrss, code);
  std::fclose(output);
  return code;
}
