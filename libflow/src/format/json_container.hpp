#pragma once

#include "format/json_path.hpp"
#include "format/json_scanner.hpp"

/// Walks over what a list or an object, known to be well formed, holds.
namespace flow {

/// Stands behind the opening bracket.
inline json_scanner inside(const json_token& container) {
  json_scanner scanner(container.text(), lookup_syntax);
  scanner.jump(container.begin + 1);
  return scanner;
}

template <class Each>
void for_each_element(const json_token& list, Each each) {
  auto scanner = inside(list);
  if (scanner.take(']')) return;
  do {
    json_token element;
    scanner.skip_blanks();
    scanner.value(element);
    each(element);
  } while (scanner.take(','));
}

/// Name and value of each member, until `each` answers true.
template <class Each>
bool any_member(const json_token& object, Each each) {
  auto scanner = inside(object);
  if (scanner.take('}')) return false;
  do {
    json_token name, value;
    scanner.skip_blanks();
    scanner.name(name);
    scanner.take(':');
    scanner.skip_blanks();
    scanner.value(value);
    if (each(name, value)) return true;
  } while (scanner.take(','));
  return false;
}

/// Name and value of each member.
template <class Each>
void for_each_member(const json_token& object, Each each) {
  any_member(object, [&](const json_token& name, const json_token& value) {
    each(name, value);
    return false;
  });
}

}  // namespace flow
