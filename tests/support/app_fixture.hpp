#pragma once
#include "base/log.hpp"
#include "db/fault/fault_engine.hpp"
#include "db/rocks/rocks_engine.hpp"
#include "gateway/app.hpp"
#include "support/curl_client.hpp"
#include "support/temp_directory.hpp"

#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace codi::testing {

/// Waits until something holds; false when it does not within ten seconds.
inline bool soon(std::function<bool()> const& holds) {
  for (int i = 0; i < 1'000; ++i) {
    if (holds()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

/// The lines that the server under test has logged. Thread-safe.
class LogLines {
 public:
  static void start() {
    clear();
    log::capture(&LogLines::take);
  }
  static void stop() { log::capture(nullptr); }
  static void clear() {
    std::scoped_lock const lock(mutex());
    lines().clear();
  }
  static std::vector<std::string> all() {
    std::scoped_lock const lock(mutex());
    return lines();
  }

 private:
  static void take(std::string_view line) {
    std::scoped_lock const lock(mutex());
    lines().emplace_back(line);
  }
  static std::mutex& mutex() {
    static std::mutex one;
    return one;
  }
  static std::vector<std::string>& lines() {
    static std::vector<std::string> all;
    return all;
  }
};

/// A whole server in this process, on a free port of loopback, with a store in a temporary folder that can be made to
/// fail.
class AppFixture : public ::testing::Test {
 protected:
  void SetUp() override { LogLines::start(); }
  void TearDown() override {
    app_.reset();
    LogLines::stop();
  }

  void start(gateway::AppOptions options = {}) {
    auto engine = db::make_fault_engine(db::open_rocks({.directory = directory_.path() / "store", .sync = false}), {});
    engine_ = engine.get();
    if (options.server.threads == 1) options.server.threads = 2;
    options.bootstrap_file = bootstrap_file();
    app_ = std::make_unique<gateway::App>(std::move(engine), std::move(options));
    app_->start();
  }
  [[nodiscard]] std::filesystem::path bootstrap_file() const { return directory_.path() / "bootstrap.json"; }
  [[nodiscard]] json::object bootstrap() const {
    std::ifstream file(bootstrap_file());
    return json::parse(std::string(std::istreambuf_iterator<char>(file), {})).as_object();
  }
  [[nodiscard]] CurlClient client() const { return CurlClient(app_->url()); }
  /// A client with the owner token of the first start.
  [[nodiscard]] CurlClient owner() const {
    auto out = client();
    out.set_token(std::string(bootstrap().at("token").as_string()));
    return out;
  }

  TempDirectory directory_;
  db::FaultEngine* engine_ = nullptr;
  std::unique_ptr<gateway::App> app_;
};

}  // namespace codi::testing
