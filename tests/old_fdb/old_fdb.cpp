// A client library of FoundationDB that is older than codi can use: it has every function, and says so.
extern "C" {

int fdb_get_max_api_version() { return 630; }

#define CODI_OLD(name) \
  void fdb_##name() {}
CODI_OLD(get_error)
CODI_OLD(error_predicate)
CODI_OLD(get_client_version)
CODI_OLD(select_api_version_impl)
CODI_OLD(setup_network)
CODI_OLD(run_network)
CODI_OLD(stop_network)
CODI_OLD(future_destroy)
CODI_OLD(future_cancel)
CODI_OLD(future_is_ready)
CODI_OLD(future_set_callback)
CODI_OLD(future_get_error)
CODI_OLD(future_get_int64)
CODI_OLD(future_get_key)
CODI_OLD(future_get_value)
CODI_OLD(future_get_keyvalue_array)
CODI_OLD(create_database)
CODI_OLD(database_destroy)
CODI_OLD(database_set_option)
CODI_OLD(database_create_transaction)
CODI_OLD(transaction_destroy)
CODI_OLD(transaction_set_option)
CODI_OLD(transaction_get)
CODI_OLD(transaction_get_range)
CODI_OLD(transaction_get_estimated_range_size_bytes)
CODI_OLD(transaction_set)
CODI_OLD(transaction_clear)
CODI_OLD(transaction_clear_range)
CODI_OLD(transaction_atomic_op)
CODI_OLD(transaction_add_conflict_range)
CODI_OLD(transaction_watch)
CODI_OLD(transaction_commit)
CODI_OLD(transaction_get_versionstamp)
CODI_OLD(transaction_on_error)
}
