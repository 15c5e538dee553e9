#include "base/ids.hpp"

#include <gtest/gtest.h>

#include <set>
#include <unordered_set>

namespace codi {
namespace {

// The example of RFC 9562, appendix A.6: 2022-02-22T19:22:22Z.
constexpr std::string_view kExample = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f";
constexpr Timestamp kExampleTime{1'645'557'742'000};

class Ones final : public Random {
 public:
  void fill(std::span<std::byte> out) override { std::ranges::fill(out, std::byte{0xFF}); }
};

TEST(Ids, version_7_has_the_layout_of_rfc_9562) {
  Ones random;
  EXPECT_EQ(to_string(make_uuid_v7(kExampleTime, random)), "017f22e2-79b0-7fff-bfff-ffffffffffff");
  EXPECT_EQ(to_string(make_uuid_v7(Timestamp{0}, random)), "00000000-0000-7fff-bfff-ffffffffffff");
}

TEST(Ids, later_ones_sort_behind_earlier_ones) {
  SeededRandom random(1);
  auto at = kExampleTime;
  auto last = make_uuid_v7(at, random);
  for (int i = 0; i < 10'000; ++i) {
    at = at + std::chrono::milliseconds(1 + i % 300);
    auto const next = make_uuid_v7(at, random);
    ASSERT_LT(last, next);
    ASSERT_LT(to_string(last), to_string(next)) << "the text sorts as the id does";
    last = next;
  }
}

TEST(Ids, ids_of_one_millisecond_differ) {
  SystemRandom random;
  std::unordered_set<Uuid> seen;
  for (int i = 0; i < 10'000; ++i) EXPECT_TRUE(seen.insert(make_uuid_v7(kExampleTime, random)).second);
}

TEST(Ids, only_the_36_character_form_is_read) {
  auto const id = parse_uuid(kExample);
  ASSERT_TRUE(id);
  EXPECT_EQ(to_string(*id), kExample);
  EXPECT_EQ(parse_uuid("017F22E2-79B0-7CC3-98C4-DC0C0C07398F"), id);
  for (auto const* bad : {"", "017f22e279b07cc398c4dc0c0c07398f", "017f22e2-79b0-7cc3-98c4-dc0c0c07398",
                          "017f22e2-79b0-7cc3-98c4-dc0c0c07398ff", "{017f22e2-79b0-7cc3-98c4-dc0c0c07398}",
                          "017f22e27-9b0-7cc3-98c4-dc0c0c07398f", "017f22e2-79b0-7cc3-98c4-dc0c0c07398g",
                          "017f22e2-79b0-7cc3-98c4-dc0c0c-7398f", "017f22e2 79b0 7cc3 98c4 dc0c0c07398f"})
    EXPECT_EQ(parse_uuid(bad), std::nullopt) << bad;
}

TEST(Ids, typed_ids_behave_as_their_uuid) {
  SeededRandom random(2);
  auto const a = ClaimId::make(kExampleTime, random);
  auto const b = ClaimId::make(kExampleTime, random);
  EXPECT_NE(a, b);
  EXPECT_EQ(ClaimId::parse(to_string(a)), a);
  EXPECT_EQ(ClaimId::parse("no id"), std::nullopt);
  EXPECT_EQ(std::hash<ClaimId>{}(a), std::hash<Uuid>{}(a.uuid));
  EXPECT_NE(std::hash<ClaimId>{}(a), std::hash<ClaimId>{}(b));
  static_assert(!std::is_convertible_v<ClaimId, SessionId>);
}

TEST(Ids, every_kind_has_a_name_of_its_own) {
  std::set<std::string_view> const names{TenantTag::name, UserTag::name,    InviteTag::name,  TokenTag::name,
                                         LoginTag::name,  ProjectTag::name, SessionTag::name, EventTag::name,
                                         ClaimTag::name,  HandoffTag::name};
  EXPECT_EQ(names.size(), 10U);
}

}  // namespace
}  // namespace codi
