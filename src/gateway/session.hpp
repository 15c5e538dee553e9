#pragma once
#include "gateway/io.hpp"
#include "gateway/rounds.hpp"
#include "gateway/server.hpp"
#include "gateway/turns.hpp"
#include "middleware/http.hpp"

#include <functional>
#include <memory>
#include <string>

namespace codi::gateway {

class Tls;

/// What was accepted.
struct Accepted {
  Socket socket;
  Tls const* tls = nullptr;  ///< null: plain
  std::string peer;          ///< address without port, or `unix`
};

/// One connection: reads requests one after another and answers each before it reads the next. Lives on the thread
/// that accepted it; every member is called there.
class Session {
 public:
  virtual ~Session() = default;
  /// Serves until the peer or the server has had enough, then calls `ended` once.
  virtual void start(std::function<void()> ended) = 0;
  /// Closes the connection now if it waits for a request, else after the answer to the present one.
  virtual void drain() = 0;
};

/// What the connections of one thread share; all of it outlives them.
struct SessionParts {
  ServerOptions const& options;
  middleware::Handler& handler;
  Turns& turns;
  Rounds& rounds;
};

/// `post` runs functions on the connection's thread.
std::shared_ptr<Session> make_session(Accepted accepted, SessionParts const& parts, middleware::Post post);

}  // namespace codi::gateway
