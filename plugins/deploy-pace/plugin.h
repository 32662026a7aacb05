// The contract (wit/plugin.wit) in C, without a generator: texts, lists, and the exports and imports of a component.
//
// Memory comes from an arena that is never freed: holdpoint gives every call an instance of its own.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// A text as the contract has it: UTF-8, not ended by a zero.
typedef struct {
    const char *at;
    size_t length;
} text;

#define TEXT(literal) ((text){(literal), sizeof(literal) - 1})

typedef struct {
    text name, value;
} attribute;

typedef struct {
    text kind, name, digest, version;
} artifact;

typedef enum { DEPLOYED, SUPERSEDED, DECOMMISSIONED, UNKNOWN } status;

typedef struct {
    bool is_some;
    text value;
} optional_text;

typedef struct {
    bool is_some;
    uint64_t value;
} optional_time;

// Times are milliseconds since 1970.
typedef struct {
    text id, environment, target, deployment_name;
    artifact artifact;
    uint8_t status;
    text status_text;
    uint64_t created_at, updated_at;
    optional_time last_seen_at;
    const attribute *tags;
    size_t tag_count;
} deployment_record;

typedef struct {
    artifact artifact;
    text reference, environment, deployment_name, intent, actor, reason;
    const attribute *context;
    size_t context_count;
} request;

typedef struct {
    request request;
    uint64_t as_of;
    text channel;
    const text *environments;
    size_t environment_count;
    text parameters;
} evaluation_input;

// Absent fields match everything. `status` is one of the enum's, or negative for any.
typedef struct {
    optional_text environment, target, deployment_name, digest;
    int status;
} filter;

typedef struct {
    const deployment_record *items;
    size_t count;
} record_list;

typedef enum { DENY, HOLD, WARN } effect;

typedef struct {
    uint8_t effect;
    text code, message;
    optional_text remediation;
    const text *records;
    size_t record_count;
    optional_time opens_at;
} finding;

typedef struct {
    enum { EVALUATED, SKIPPED, UNDECIDED } kind;
    const finding *findings;
    size_t finding_count;
    // Why it was skipped, or could not be decided.
    text reason;
} verdict;

typedef struct {
    text name, version, title, description;
    optional_text parameters_schema, documentation_url;
} metadata;

// What a rule defines.
metadata rule_describe(void);
// What is wrong with the parameters, one text; an empty one if nothing is.
text rule_check_parameters(text parameters);
verdict rule_evaluate(const evaluation_input *input);

// What a rule may call. A page has at most 500 records, newest first.
record_list records_page(const filter *filter, uint32_t offset, uint32_t limit);

// Memory for so many bytes, aligned to 8. There is always some: without, the call ends.
void *take(size_t bytes);
bool same(text one, text other);

// Texts put together.
typedef struct {
    char *at;
    size_t length, room;
} buffer;

void put(buffer *into, text part);
void put_number(buffer *into, uint64_t number);
// A duration of so many milliseconds: `1h30m`.
void put_duration(buffer *into, uint64_t milliseconds);
text text_of(const buffer *from);
