#include "histories/run_histories.hpp"

namespace codi::testing {
namespace {

TEST(RandomHistories, Hazard3_of_2_clients) { run_histories(2, 15, 2'000); }
TEST(RandomHistories, Hazard3_of_8_clients) { run_histories(8, 15, 100); }
TEST(RandomHistories, Hazard3_of_64_clients) { run_histories(64, 12, 2); }

}  // namespace
}  // namespace codi::testing
