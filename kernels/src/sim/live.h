// The handles and descriptors that a stand-in has given out, so that a destroyed or invented one is answered, not followed.
#pragma once
#include <mutex>
#include <unordered_set>

namespace limbicsim {

template <class T>
class Live {
 public:
  static T* make() {
    T* object = new T();
    std::lock_guard<std::mutex> guard(lock());
    all().insert(object);
    return object;
  }

  static bool has(const T* object) {
    std::lock_guard<std::mutex> guard(lock());
    return all().count(object) != 0;
  }

  // False when there was no such object.
  static bool end(T* object) {
    {
      std::lock_guard<std::mutex> guard(lock());
      if (all().erase(object) == 0) return false;
    }
    delete object;
    return true;
  }

  static int count() {
    std::lock_guard<std::mutex> guard(lock());
    return int(all().size());
  }

 private:
  // Never destroyed: callers may still close handles while the process exits.
  static std::unordered_set<const T*>& all() {
    static auto* set = new std::unordered_set<const T*>();
    return *set;
  }
  static std::mutex& lock() {
    static auto* mutex = new std::mutex();
    return *mutex;
  }
};

}  // namespace limbicsim
