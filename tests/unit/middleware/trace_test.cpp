#include "middleware/trace.hpp"

#include "base/limits.hpp"

#include <gtest/gtest.h>

namespace codi::middleware {
namespace {

constexpr auto kParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

TEST(Traceparent, a_trace_goes_on_with_a_new_span) {
  SeededRandom random(1);
  auto const trace = continue_trace({kParent}, random);
  EXPECT_EQ(trace.trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_NE(trace.span_id, "00f067aa0ba902b7");
  EXPECT_EQ(trace.span_id.size(), 16U);
  EXPECT_EQ(trace.parent_span_id, "00f067aa0ba902b7");
  EXPECT_TRUE(trace.sampled);
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
    auto const trace = continue_trace({header, "vendor=1"}, random);
    EXPECT_EQ(trace.trace_id.size(), 32U);
    EXPECT_NE(trace.trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
    EXPECT_EQ(trace.parent_span_id, "");
    EXPECT_FALSE(trace.sampled);
    EXPECT_EQ(trace.state, "") << "what says nothing of a trace here must not be passed on";
  }
  EXPECT_NE(continue_trace({}, random).trace_id, continue_trace({}, random).trace_id);
}

TEST(Traceparent, later_versions_may_say_more) {
  EXPECT_TRUE(parse_traceparent("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-comes"));
  EXPECT_TRUE(parse_traceparent("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
  EXPECT_FALSE(parse_traceparent("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01x"));
}

// W3C Trace Context Level 1, section 3.2.2.5.1: the bits that mean nothing yet are set to zero.
TEST(Traceparent, of_the_flags_only_sampled_goes_on) {
  SeededRandom random(3);
  auto const flags = [&](std::string const& sent) {
    auto const trace = continue_trace({"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-" + sent}, random);
    return to_traceparent(trace).substr(53);
  };
  EXPECT_EQ(flags("00"), "00");
  EXPECT_EQ(flags("01"), "01");
  EXPECT_EQ(flags("ff"), "01");
  EXPECT_EQ(flags("fe"), "00");
  EXPECT_EQ(flags("0a"), "00");
}

TEST(Tracestate, goes_on_as_it_came_or_not_at_all) {
  SeededRandom random(4);
  auto const state = [&](std::string const& sent) { return continue_trace({kParent, sent}, random).state; };
  EXPECT_EQ(state("congo=t61rcWkgMzE,rojo=00f067aa0ba902b7"), "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7");
  EXPECT_EQ(state(std::string(limits::kTraceStateBytes, 'a')).size(), limits::kTraceStateBytes);
  for (auto const& sent : {std::string(), std::string("a=\x01", 3) + '\x01', std::string("a=\xC3\xBC"),
                           std::string(limits::kTraceStateBytes + 1, 'a')})
    EXPECT_EQ(state(sent), "") << sent;
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
