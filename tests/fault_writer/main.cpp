// Writes to a store from 64 threads until it is killed, and says on stdout what was acknowledged: `writer number` a
// line. Each transaction writes two rows that must agree, a row under its stamp, and the number of the writer's newest
// transaction.
#include "db/retry.hpp"
#include "db/rocks/rocks_engine.hpp"
#include "support/written_rows.hpp"

#include <cstdio>
#include <exception>
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

void write_for_ever(Engine& engine, int writer) {
  int number = 0;
  run_read_blocking(engine, [&](Transaction& tx) -> Task<Verdict> {
    auto const newest = co_await tx.get(testing::newest_key(writer));
    number = newest ? std::stoi(*newest) : 0;
    co_return Verdict::commit;
  });
  for (;;) {
    ++number;
    run_write_blocking(engine, [&](Transaction& tx) -> Task<Verdict> {
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

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  try {
    auto const engine = open_rocks({argv[1]});
    std::vector<std::jthread> threads;
    for (int writer = 0; writer < testing::kWriters; ++writer) {
      threads.emplace_back([&engine, writer] { write_for_ever(*engine, writer); });
    }
  } catch (std::exception const& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 3;
  }
}
