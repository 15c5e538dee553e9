#include "base/histogram.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace codi {
namespace {

TEST(Histogram, a_value_is_in_the_first_bucket_whose_bound_it_does_not_pass) {
  Histogram<2> histogram({1, 10});
  for (double const value : {0.0, 1.0, 1.5, 10.0, 10.5, 1e9}) histogram.observe(value);
  auto const counts = histogram.counts();
  EXPECT_EQ(counts.bounds, (std::vector<double>{1, 10}));
  EXPECT_EQ(counts.buckets, (std::vector<std::uint64_t>{2, 2, 2}));
  EXPECT_DOUBLE_EQ(counts.sum, 23 + 1e9);
  EXPECT_EQ(counts.count(), 6U);
}

TEST(Histogram, nothing_is_lost_when_many_count) {
  Histogram<1> histogram({0.5});
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int n = 0; n < 10'000; ++n) histogram.observe(n % 2);
    });
  threads.clear();
  EXPECT_EQ(histogram.counts().buckets, (std::vector<std::uint64_t>{20'000, 20'000}));
  EXPECT_EQ(histogram.counts().sum, 20'000);
}

}  // namespace
}  // namespace codi
