#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

/// FoundationDB's C client library, opened at run time: one build of codi serves with it and without it.
namespace codi::db::fdb {

// What the library keeps to itself, and the numbers of its API that codi uses. Source: FoundationDB's C API and
// `fdb.options`, unchanged from API version 710 on.
struct FutureHandle;
struct DatabaseHandle;
struct TransactionHandle;

/// Zero for success.
using Error = int;

/// Errors that codi treats on their own.
namespace error {
inline constexpr Error kTransactionTooOld = 1007;
inline constexpr Error kNotCommitted = 1020;
inline constexpr Error kCancelled = 1025;
inline constexpr Error kTimedOut = 1031;
inline constexpr Error kTooManyWatches = 1032;
inline constexpr Error kUnreadable = 1036;
inline constexpr Error kLocked = 1038;
inline constexpr Error kOperationCancelled = 1101;
inline constexpr Error kTransactionTooLarge = 2101;
inline constexpr Error kKeyTooLarge = 2102;
inline constexpr Error kValueTooLarge = 2103;
}  // namespace error

/// What fdb_error_predicate() is asked.
enum class Predicate : int {
  retryable = 50'000,
  maybe_committed = 50'001,
};

/// Options by the level at which they are set.
enum class DatabaseOption : int { max_watches = 20 };
enum class TransactionOption : int {
  access_system_keys = 301,
  timeout_ms = 500,
  retry_limit = 501,
  max_retry_delay_ms = 502,
  lock_aware = 700,
  read_lock_aware = 702,
};

/// How the rows of a range are brought.
enum class StreamingMode : int {
  want_all = -2,  ///< the caller will read on to the end of the range: batches of 80 kB
  exact = 0,      ///< the caller wants so many rows and no more
};

/// What fdb_transaction_atomic_op() does.
enum class Mutation : int { add = 2, stamped_key = 14, stamped_value = 15 };
/// Which of its conflicts a transaction widens.
enum class ConflictRange : int { read = 0, write = 1 };

/// One row as the library hands it out.
#pragma pack(push, 4)
struct Row {
  std::uint8_t const* key;
  int key_size;
  std::uint8_t const* value;
  int value_size;
};
#pragma pack(pop)

/// The beginning of a byte string, whose size goes beside it.
using Bytes = std::uint8_t const*;

/// The functions of the library by their names without `fdb_`.
struct Functions {
  char const* (*get_error)(Error);
  int (*error_predicate)(Predicate, Error);
  int (*get_max_api_version)();
  char const* (*get_client_version)();
  Error (*select_api_version_impl)(int runtime, int header);
  Error (*setup_network)();
  Error (*run_network)();
  Error (*stop_network)();

  void (*future_destroy)(FutureHandle*);
  void (*future_cancel)(FutureHandle*);
  int (*future_is_ready)(FutureHandle*);
  Error (*future_set_callback)(FutureHandle*, void (*)(FutureHandle*, void*), void*);
  Error (*future_get_error)(FutureHandle*);
  Error (*future_get_int64)(FutureHandle*, std::int64_t*);
  Error (*future_get_key)(FutureHandle*, Bytes*, int*);
  Error (*future_get_value)(FutureHandle*, int* present, Bytes*, int*);
  Error (*future_get_keyvalue_array)(FutureHandle*, Row const**, int* count, int* more);

  Error (*create_database)(char const* cluster_file, DatabaseHandle**);
  void (*database_destroy)(DatabaseHandle*);
  Error (*database_set_option)(DatabaseHandle*, DatabaseOption, Bytes, int);
  Error (*database_create_transaction)(DatabaseHandle*, TransactionHandle**);

  void (*transaction_destroy)(TransactionHandle*);
  Error (*transaction_set_option)(TransactionHandle*, TransactionOption, Bytes, int);
  FutureHandle* (*transaction_get)(TransactionHandle*, Bytes key, int, int snapshot);
  FutureHandle* (*transaction_get_range)(TransactionHandle*, Bytes begin, int, int begin_or_equal, int begin_offset,
                                         Bytes end, int, int end_or_equal, int end_offset, int limit, int target_bytes,
                                         StreamingMode, int iteration, int snapshot, int reverse);
  FutureHandle* (*transaction_get_estimated_range_size_bytes)(TransactionHandle*, Bytes begin, int, Bytes end, int);
  void (*transaction_set)(TransactionHandle*, Bytes key, int, Bytes value, int);
  void (*transaction_clear)(TransactionHandle*, Bytes key, int);
  void (*transaction_clear_range)(TransactionHandle*, Bytes begin, int, Bytes end, int);
  void (*transaction_atomic_op)(TransactionHandle*, Bytes key, int, Bytes operand, int, Mutation);
  Error (*transaction_add_conflict_range)(TransactionHandle*, Bytes begin, int, Bytes end, int, ConflictRange);
  FutureHandle* (*transaction_watch)(TransactionHandle*, Bytes key, int);
  FutureHandle* (*transaction_commit)(TransactionHandle*);
  FutureHandle* (*transaction_get_versionstamp)(TransactionHandle*);
  FutureHandle* (*transaction_on_error)(TransactionHandle*, Error);
};

/// The oldest API version that codi can use (FoundationDB 7.1), and the newest that it asks for.
inline constexpr int kOldestApiVersion = 710;
inline constexpr int kNewestApiVersion = 740;

/// The library in this process, with its network thread, which can't be started again once it has ended. Thread-safe.
class Library {
 public:
  /// Opens the library at the first call; later calls answer the same one, since a process can have only one. Nothing
  /// as `file` looks for libfdb_c.so where the system's loader does. Throws StorageFailure(unavailable) when there is
  /// none, when it is not FoundationDB's, when it is older than kOldestApiVersion, or when another one is open.
  static Library const& open(std::optional<std::filesystem::path> const& file);

  Library(Library const&) = delete;
  Library& operator=(Library const&) = delete;

  /// A connection has ended. The network thread ends with the process, before what the library has made until now.
  static void connection_ended();

  [[nodiscard]] Functions const& functions() const { return functions_; }
  [[nodiscard]] int api_version() const { return api_version_; }
  /// As the library tells it: `7.3.79,…`.
  [[nodiscard]] std::string client_version() const { return functions_.get_client_version(); }

 private:
  explicit Library(std::string name);
  ~Library() = default;
  static Library& instance(std::string name);
  void stop();

  std::string const name_;
  Functions functions_{};
  int api_version_ = 0;
  std::thread network_;
};

/// A text as the library takes it and hands it out.
inline Bytes bytes_of(std::string_view text) { return reinterpret_cast<Bytes>(text.data()); }
inline int size_of(std::string_view text) { return static_cast<int>(text.size()); }
inline std::string_view view_of(Bytes bytes, int size) {
  return {reinterpret_cast<char const*>(bytes), static_cast<std::size_t>(size)};
}

}  // namespace codi::db::fdb
