// store_writer STORE [LIBRARY]: writes to a store from 64 threads until it is killed, and says on stdout what was
// acknowledged: `writer number` a line. Each transaction writes two rows that must agree, a row under its stamp, and
// the number of the writer's newest transaction. A cluster that does not answer may have carried a transaction out: the
// writer looks, and goes on.
#include "db/retry.hpp"
#include "db/store.hpp"
#include "support/written_rows.hpp"

#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

using namespace codi;
using namespace codi::db;

void acknowledge(int writer, int number) {
  auto const line = std::to_string(writer) + " " + std::to_string(number) + "\n";
  // One call of less than PIPE_BUF bytes: lines of different threads don't mix.
  if (::write(STDOUT_FILENO, line.data(), line.size()) != static_cast<ssize_t>(line.size())) std::terminate();
}

int newest_of(Engine& engine, int writer) {
  int number = 0;
  run_read_blocking(engine, [&](Transaction& tx) -> Task<Verdict> {
    auto const newest = co_await tx.get(testing::newest_key(writer));
    number = newest ? std::stoi(*newest) : 0;
    co_return Verdict::commit;
  });
  return number;
}

void write_on(Engine& engine, int writer) {
  for (int number = newest_of(engine, writer) + 1;; ++number) {
    run_write_blocking(engine, [&](Transaction& tx) -> Task<Verdict> {
      co_await tx.get(testing::newest_key(writer));  // a try that comes too late meets what came meanwhile
      auto const value = testing::row_value(writer, number);
      tx.set(testing::row_key('a', writer, number), value);
      tx.set(testing::row_key('b', writer, number), value);
      tx.set_stamped_key("e/" + std::string(10, '\0'), 2, testing::row_key('e', writer, number));
      tx.clear_range({testing::newest_key(writer), testing::newest_key(writer) + "~"});
      tx.set(testing::newest_key(writer), std::to_string(number));
      co_return Verdict::commit;
    });
    acknowledge(writer, number);
  }
}

void write_for_ever(Engine& engine, int writer) {
  for (;;) {
    try {
      write_on(engine, writer);
    } catch (StorageFailure const& failure) {
      if (!engine.commits_can_be_unknown()) throw;
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  auto store = argc < 2 ? std::nullopt : parse_store(argv[1], std::filesystem::current_path());
  if (!store) return 2;
  if (argc > 2) store->library = argv[2];
  try {
    auto const engine = open_store(*store);
    std::vector<std::jthread> threads;
    for (int writer = 0; writer < testing::kWriters; ++writer) {
      threads.emplace_back([&engine, writer] { write_for_ever(*engine, writer); });
    }
  } catch (std::exception const& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 3;
  }
}
