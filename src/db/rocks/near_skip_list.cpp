#include "db/rocks/near_skip_list.hpp"

#include <algorithm>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace codi::db {
namespace {

class NearSkipList final : public rocksdb::MemTableRep {
 public:
  NearSkipList(std::unique_ptr<rocksdb::MemTableRep> list, rocksdb::Allocator* allocator)
      : MemTableRep(allocator), list_(std::move(list)) {}

  rocksdb::KeyHandle Allocate(std::size_t size, char** room) override { return list_->Allocate(size, room); }
  void Insert(rocksdb::KeyHandle row) override { InsertKey(row); }
  bool InsertKey(rocksdb::KeyHandle row) override {
    // The list's rows lie in memory that lives as long as it does.
    auto const key = UserKey(static_cast<char const*>(row));
    std::string_view const kind(key.data(), std::min(key.size(), NearSkipListFactory::kKindBytes));
    auto found = places_.find(kind);
    if (found == places_.end()) {
      if (places_.size() >= NearSkipListFactory::kKindsPerList) return list_->InsertKey(row);
      found = places_.emplace(kind, nullptr).first;
    }
    return list_->InsertKeyWithHint(row, &found->second);
  }

  bool Contains(char const* row) const override { return list_->Contains(row); }
  void Get(rocksdb::LookupKey const& key, void* argument, bool (*callback)(void*, char const*)) override {
    list_->Get(key, argument, callback);
  }
  std::uint64_t ApproximateNumEntries(rocksdb::Slice const& begin, rocksdb::Slice const& end) override {
    return list_->ApproximateNumEntries(begin, end);
  }
  void UniqueRandomSample(std::uint64_t rows, std::uint64_t wanted, std::unordered_set<char const*>* sample) override {
    list_->UniqueRandomSample(rows, wanted, sample);
  }
  std::size_t ApproximateMemoryUsage() override { return list_->ApproximateMemoryUsage(); }
  Iterator* GetIterator(rocksdb::Arena* arena) override { return list_->GetIterator(arena); }

 private:
  std::unique_ptr<rocksdb::MemTableRep> list_;
  std::unordered_map<std::string_view, void*> places_;  ///< of the last row of a kind
};

}  // namespace

rocksdb::MemTableRep* NearSkipListFactory::CreateMemTableRep(rocksdb::MemTableRep::KeyComparator const& compare,
                                                             rocksdb::Allocator* allocator,
                                                             rocksdb::SliceTransform const* transform,
                                                             rocksdb::Logger* logger) {
  std::unique_ptr<rocksdb::MemTableRep> list(list_.CreateMemTableRep(compare, allocator, transform, logger));
  return std::make_unique<NearSkipList>(std::move(list), allocator).release();
}

}  // namespace codi::db
