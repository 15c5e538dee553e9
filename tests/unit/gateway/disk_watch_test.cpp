#include "gateway/disk_watch.hpp"

#include "support/app_fixture.hpp"

#include <algorithm>
#include <atomic>

namespace codi::gateway {
namespace {

using namespace std::chrono_literals;
using testing::LogLines;
using testing::soon;

constexpr std::uint64_t kNowhere = ~std::uint64_t{0};

// A store on a disk whose free space a test sets.
class DiskEngine final : public db::Engine {
 public:
  void attempt(db::WriteOptions, db::Body, db::Done) override {}
  void read(db::Body, db::Done) override {}
  std::unique_ptr<db::Watch> watch(std::string, std::optional<std::string>, std::function<void()>) override {
    return nullptr;
  }
  std::unique_ptr<db::Snapshot> snapshot() override { return nullptr; }
  [[nodiscard]] bool commits_can_be_unknown() const override { return false; }
  [[nodiscard]] db::EngineStats stats() const override {
    ++looks;
    db::EngineStats out;
    if (auto const bytes = free.load(); bytes != kNowhere) out.bytes_free = bytes;
    return out;
  }
  void set_free(std::uint64_t bytes) {
    free = bytes;
    int const before = looks;
    EXPECT_TRUE(soon([&] { return looks > before + 2; }));
  }
  std::atomic<std::uint64_t> free = limits::kDiskLowBytes;
  mutable std::atomic<int> looks = 0;
};

TEST(DiskWatch, warns_once_each_time_that_little_is_free) {
  LogLines::start();
  auto const count = [](std::string_view action) {
    auto const lines = LogLines::all();
    return std::ranges::count_if(lines, [&](auto const& line) { return line.find(action) != std::string::npos; });
  };
  DiskEngine engine;
  {
    DiskWatch const watch(engine, 1ms);
    engine.set_free(limits::kDiskLowBytes);
    EXPECT_TRUE(LogLines::all().empty());
    engine.set_free(limits::kDiskLowBytes - 1);
    engine.set_free(0);
    EXPECT_EQ(count(R"("disk_low")"), 1);
    engine.set_free(limits::kDiskLowBytes);
    EXPECT_EQ(count(R"("disk_low_over")"), 1);
    engine.set_free(1);
    EXPECT_EQ(count(R"("disk_low")"), 2);
    engine.set_free(kNowhere);
    EXPECT_EQ(LogLines::all().size(), 3U) << "a store on no disk of this machine says nothing";
  }
  LogLines::stop();
}

}  // namespace
}  // namespace codi::gateway
