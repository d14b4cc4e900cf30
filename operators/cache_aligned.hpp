#pragma once

#include <cstddef>
#include <new>
#include <vector>

namespace flow {

/// Allocates at the start of a cache line, so that items whose size divides a line never lie across two.
template <class T>
struct cache_line_allocator {
  using value_type = T;
  static constexpr std::align_val_t line{64};

  cache_line_allocator() = default;
  template <class U>
  cache_line_allocator(const cache_line_allocator<U>&) {}

  T* allocate(std::size_t count) { return static_cast<T*>(::operator new(count * sizeof(T), line)); }
  void deallocate(T* at, std::size_t) { ::operator delete(at, line); }
  friend bool operator==(const cache_line_allocator&, const cache_line_allocator&) { return true; }
};

template <class T>
using cache_aligned_vector = std::vector<T, cache_line_allocator<T>>;

}  // namespace flow
