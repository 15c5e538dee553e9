#include "middleware/trace.hpp"

#include "base/limits.hpp"

#include <gtest/gtest.h>

namespace codi::middleware {
namespace {

constexpr auto kParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

TEST(Traceparent, a_trace_goes_on_with_a_new_span) {
  SeededRandom random(1);
  auto const trace = continue_trace(kParent, random);
  EXPECT_EQ(trace.trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_NE(trace.span_id, "00f067aa0ba902b7");
  EXPECT_EQ(trace.span_id.size(), 16U);
  EXPECT_EQ(trace.flags, "01");
  auto const again = parse_traceparent(to_traceparent(trace));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->span_id, trace.span_id);
}

TEST(Traceparent, what_is_not_valid_begins_a_new_trace) {
  SeededRandom random(2);
  for (std::string const header : {"", "00", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
                                   "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                                   "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                                   "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                                   "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
                                   "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0g",
                                   "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
                                   "0x-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}) {
    EXPECT_FALSE(parse_traceparent(header)) << header;
    auto const trace = continue_trace(header, random);
    EXPECT_EQ(trace.trace_id.size(), 32U);
    EXPECT_NE(trace.trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
  }
  EXPECT_NE(continue_trace(std::nullopt, random).trace_id, continue_trace(std::nullopt, random).trace_id);
}

TEST(Traceparent, later_versions_may_say_more) {
  EXPECT_TRUE(parse_traceparent("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-comes"));
  EXPECT_TRUE(parse_traceparent("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
  EXPECT_FALSE(parse_traceparent("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01x"));
}

TEST(RequestId, only_short_and_harmless_ones_are_taken_over) {
  EXPECT_EQ(sane_request_id("abc-1.2_3~:/+="), "abc-1.2_3~:/+=");
  EXPECT_FALSE(sane_request_id(std::nullopt));
  for (auto const& id : {std::string(), std::string("a b"), std::string("a\"b"), std::string("\xC3\xBC"),
                         std::string("a\tb"), std::string("ann@example.org"), "codi_aQ7" + std::string(41, 'x'),
                         "eyJhbGciOiJFUzI1NiJ9." + std::string(20, 'x'), std::string(limits::kRequestIdBytes + 1, 'a')})
    EXPECT_FALSE(sane_request_id(id)) << id;
  EXPECT_TRUE(sane_request_id(std::string(limits::kRequestIdBytes, 'a')));
}

}  // namespace
}  // namespace codi::middleware
