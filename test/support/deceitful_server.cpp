#include "support/deceitful_server.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <stdexcept>

namespace {

std::atomic<int> deceitfulServers = 0;

void awaitPeer(int fd) {
  if (deceitfulServers == 0) return;
  const int error = errno;
  pollfd answer{fd, POLLIN, 0};
  ::poll(&answer, 1, 1000);
  errno = error;
}

}  // namespace

// The program's symbols stand before the C library's, for the client library too.

extern "C" int connect(int fd, const sockaddr* address, socklen_t size) {
  static const auto real = reinterpret_cast<decltype(&::connect)>(::dlsym(RTLD_NEXT, "connect"));
  const int result = real(fd, address, size);
  if (result == 0 || errno == EINPROGRESS) awaitPeer(fd);
  return result;
}

extern "C" ssize_t send(int fd, const void* bytes, size_t size, int flags) {
  static const auto real = reinterpret_cast<decltype(&::send)>(::dlsym(RTLD_NEXT, "send"));
  const ssize_t result = real(fd, bytes, size, flags);
  if (result >= 0) awaitPeer(fd);
  return result;
}

namespace dlpx::test {

namespace {

std::string packet(unsigned char sequence, const std::string& body) {
  std::string out;
  for (const unsigned shift : {0u, 8u, 16u}) out += static_cast<char>(body.size() >> shift & 0xff);
  return out + static_cast<char>(sequence) + body;
}

// Protocol 4.1, secure connection, plugin authentication; not CLIENT_SSL.
std::string greeting() {
  std::string body =
      "\x0a"
      "8.0.36";
  body += std::string("\0\x01\0\0\0", 5) + "12345678" + std::string("\0", 1);
  body += std::string("\x01\x82", 2) + "\x2d" + std::string("\x02\0", 2) + std::string("\x08\0", 2) + "\x15";
  body += std::string(10, '\0') + "901234567890" + std::string("\0", 1) + "caching_sha2_password" +
          std::string("\0", 1);
  return packet(0, body);
}

void give(int client, const std::string& bytes) {
  if (::send(client, bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0) return;
}

}  // namespace

DeceitfulServer::DeceitfulServer(std::string plugin)
    : plugin_(std::move(plugin)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener_.get(), any, size) != 0 || ::listen(listener_.get(), 8) != 0 ||
      ::getsockname(listener_.get(), any, &size) != 0)
    throw std::runtime_error("no port for the deceitful server");
  port_ = ntohs(address.sin_port);
  ++deceitfulServers;
  thread_ = std::thread([this] { serve(); });
}

DeceitfulServer::~DeceitfulServer() {
  --deceitfulServers;
  ::shutdown(listener_.get(), SHUT_RDWR);
  thread_.join();
}

std::string DeceitfulServer::received() {
  const std::lock_guard guard(mutex_);
  return received_;
}

void DeceitfulServer::serve() {
  for (;;) {
    const UniqueFd client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!client) return;
    talk(client.get());
  }
}

void DeceitfulServer::talk(int client) {
  give(client, greeting());
  receive(client);
  if (plugin_ == "mysql_clear_password") {
    give(client, packet(2, "\xfe" + plugin_ + std::string("\0", 1)));
  } else {
    give(client, packet(2, "\x01\x04"));
  }
  receive(client);
}

void DeceitfulServer::receive(int client) {
  pollfd ready{client, POLLIN, 0};
  if (::poll(&ready, 1, 1000) <= 0) return;
  char buffer[4096];
  const ssize_t count = ::recv(client, buffer, sizeof(buffer), 0);
  if (count <= 0) return;
  const std::lock_guard guard(mutex_);
  received_.append(buffer, static_cast<size_t>(count));
}

}  // namespace dlpx::test
