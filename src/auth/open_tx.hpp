#pragma once
#include "db/tx.hpp"

namespace codi::auth {

/// One try of the transaction of an operation without a caller (register, login, refresh, accept an invite). It can
/// reach no key by itself; Directory's functions take it, and `bind` opens the tenant that they have found or made.
class OpenTx {
 public:
  OpenTx(db::Transaction& below, db::RequestFacts const& facts, Random& random)
      : below_(below), facts_(facts), random_(random) {}
  OpenTx(OpenTx const&) = delete;
  OpenTx& operator=(OpenTx const&) = delete;

  [[nodiscard]] Timestamp now() const { return facts_.now; }
  [[nodiscard]] db::RequestFacts const& facts() const { return facts_; }
  /// The same bytes in every try of this request.
  Random& random() { return random_; }

 private:
  friend class Directory;
  db::Transaction& below_;
  db::RequestFacts const& facts_;
  Random& random_;
};

}  // namespace codi::auth
