#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

#include "base/files.h"

namespace dlpx::test {

// Pretends to be a MySQL server without TLS and asks each client for its password: by a switch to
// mysql_clear_password, or by caching_sha2_password's full authentication. Keeps what it was sent. While one
// lives, connect() and send() of this process return only when the peer has spoken (or after a second): a
// client that looks at what comes only when it would have to wait sees nothing then.
class DeceitfulServer {
 public:
  explicit DeceitfulServer(std::string plugin);
  ~DeceitfulServer();
  DeceitfulServer(const DeceitfulServer&) = delete;
  DeceitfulServer& operator=(const DeceitfulServer&) = delete;

  uint16_t port() const { return port_; }
  std::string received();

 private:
  void serve();
  void talk(int client);
  void receive(int client);

  std::string plugin_;
  UniqueFd listener_;
  uint16_t port_ = 0;
  std::mutex mutex_;
  std::string received_;
  std::thread thread_;
};

}  // namespace dlpx::test
