// codi_bare_fdb CLUSTER_FILE LIBRARY CLIENTS WARMUP SECONDS READS ROUNDS WRITES: what FoundationDB's C API gives a
// client that does nothing else. Each of the clients makes one transaction after the other: so many reads in so many
// rounds, those of a round at once and the rounds one after the other, as a program makes them that needs some answers
// for the next questions; so many writes of 300 bytes, a commit. Prints one line of JSON.
#include "db/fdb/library.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace codi::db::fdb;
using SteadyClock = std::chrono::steady_clock;

struct Plan {
  Functions const& functions;
  DatabaseHandle* database;
  int reads;
  int rounds;
  int writes;
};

/// Runs in the callbacks of the network thread: nothing is handed from thread to thread.
class Client {
 public:
  Client(Plan const& plan, int number) : plan_(plan), number_(number) {}

  void start() {
    began_ = SteadyClock::now();
    done_ = 0;
    if (plan_.functions.database_create_transaction(plan_.database, &transaction_) != 0) std::abort();
    next();
  }
  std::vector<std::uint32_t> microseconds;  ///< of each transaction, while it is measured
  static std::atomic<bool> measured;
  static std::atomic<bool> stopped;
  static std::atomic<int> running;

 private:
  static void called(FutureHandle* future, void* self) { static_cast<Client*>(self)->went_on(future); }

  std::string key() { return fmt::format("bare/{:04}/{:06}", number_, random_() % 100'000); }

  void await(FutureHandle* future) { static_cast<void>(plan_.functions.future_set_callback(future, &called, this)); }

  void next() {
    auto const& f = plan_.functions;
    if (done_ < plan_.reads) {
      auto const round = std::min((plan_.reads + plan_.rounds - 1) / plan_.rounds, plan_.reads - done_);
      awaited_ = round;
      for (int i = 0; i < round; ++i) {
        auto const name = key();
        await(f.transaction_get(transaction_, bytes_of(name), size_of(name), 0));
      }
      return;
    }
    awaited_ = 1;
    static std::string const value(300, 'v');
    for (int i = 0; i < plan_.writes; ++i) {
      auto const name = key();
      f.transaction_set(transaction_, bytes_of(name), size_of(name), bytes_of(value), size_of(value));
    }
    await(f.transaction_commit(transaction_));
  }

  void went_on(FutureHandle* future) {
    auto const& f = plan_.functions;
    auto const code = f.future_get_error(future);
    f.future_destroy(future);
    if (code != 0) {
      std::fprintf(stderr, "%s (%d)\n", f.get_error(code), code);
      std::_Exit(1);
    }
    bool const was_read = done_ < plan_.reads;
    if (was_read) ++done_;
    if (--awaited_ > 0) return;
    if (was_read) return next();
    f.transaction_destroy(transaction_);
    if (measured)
      microseconds.push_back(static_cast<std::uint32_t>(
          std::chrono::duration_cast<std::chrono::microseconds>(SteadyClock::now() - began_).count()));
    if (stopped) {
      --running;
      return;
    }
    start();
  }

  Plan const& plan_;
  int number_;
  std::minstd_rand random_{static_cast<unsigned>(number_ + 1)};
  TransactionHandle* transaction_ = nullptr;
  SteadyClock::time_point began_;
  int done_ = 0;     // reads
  int awaited_ = 0;  // futures
};

std::atomic<bool> Client::measured = false;
std::atomic<bool> Client::stopped = false;
std::atomic<int> Client::running = 0;

}  // namespace

int main(int argc, char** argv) {
  if (argc != 9) return 2;
  auto const& library = Library::open(argv[2]);
  DatabaseHandle* database = nullptr;
  if (library.functions().create_database(argv[1], &database) != 0) return 1;
  Plan const plan{library.functions(), database, std::atoi(argv[6]), std::atoi(argv[7]), std::atoi(argv[8])};
  std::vector<std::unique_ptr<Client>> clients;
  Client::running = std::atoi(argv[3]);
  for (int i = 0; i < std::atoi(argv[3]); ++i) clients.push_back(std::make_unique<Client>(plan, i));
  for (auto const& client : clients) client->start();
  std::this_thread::sleep_for(std::chrono::duration<double>(std::atof(argv[4])));
  Client::measured = true;
  auto const began = SteadyClock::now();
  std::this_thread::sleep_for(std::chrono::duration<double>(std::atof(argv[5])));
  Client::measured = false;
  double const seconds = std::chrono::duration<double>(SteadyClock::now() - began).count();
  Client::stopped = true;
  while (Client::running > 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  std::vector<std::uint32_t> all;
  for (auto const& client : clients) all.insert(all.end(), client->microseconds.begin(), client->microseconds.end());
  std::ranges::sort(all);
  auto const at = [&](double part) {
    return all.empty() ? 0 : all[static_cast<std::size_t>(part * static_cast<double>(all.size() - 1))];
  };
  std::printf("%s\n", fmt::format(R"({{"count": {}, "per_second": {:.1f}, "p50_us": {}, "p95_us": {}, "p99_us": {}}})",
                                  all.size(), static_cast<double>(all.size()) / seconds, at(0.5), at(0.95), at(0.99))
                          .c_str());
  std::fflush(stdout);
  std::_Exit(0);  // the library's thread runs on: it must not meet what an orderly end takes apart
}
