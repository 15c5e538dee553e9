#pragma once
#include "auth/open_tx.hpp"

namespace codi::auth {

/// One try of the transaction of an operator's operation, which belongs to no tenant: proof that the caller has shown
/// an operator token. Only Directory makes one, and its functions take it.
class OperatorTx {
 public:
  OperatorTx(OperatorTx const&) = delete;
  OperatorTx& operator=(OperatorTx const&) = delete;

  [[nodiscard]] Timestamp now() const { return open_.now(); }
  [[nodiscard]] db::RequestFacts const& facts() const { return open_.facts(); }
  /// The same bytes in every try of this request.
  Random& random() { return open_.random(); }
  /// The operator token that the request came with.
  [[nodiscard]] TokenId token() const { return token_; }

 private:
  friend class Directory;
  OperatorTx(OpenTx& open, TokenId token) : open_(open), token_(token) {}
  OpenTx& open_;
  TokenId token_;
};

}  // namespace codi::auth
