// The component's side of the canonical ABI: what its exports return and what its imports take, in memory.

#include "plugin.h"

bool same(text one, text other) {
    if (one.length != other.length) {
        return false;
    }
    for (size_t i = 0; i < one.length; i++) {
        if (one.at[i] != other.at[i]) {
            return false;
        }
    }
    return true;
}

void put(buffer *into, text part) {
    if (into->length + part.length > into->room) {
        size_t room = 2 * (into->length + part.length) + 64;
        char *at = take(room);
        for (size_t i = 0; i < into->length; i++) {
            at[i] = into->at[i];
        }
        into->at = at;
        into->room = room;
    }
    for (size_t i = 0; i < part.length; i++) {
        into->at[into->length++] = part.at[i];
    }
}

void put_number(buffer *into, uint64_t number) {
    char digits[20];
    size_t start = sizeof digits;
    do {
        digits[--start] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    put(into, (text){digits + start, sizeof digits - start});
}

void put_duration(buffer *into, uint64_t milliseconds) {
    static const struct {
        uint64_t size;
        text name;
    } units[] = {{86400000, {"d", 1}}, {3600000, {"h", 1}}, {60000, {"m", 1}}, {1000, {"s", 1}}};
    size_t before = into->length;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (milliseconds >= units[i].size) {
            put_number(into, milliseconds / units[i].size);
            put(into, units[i].name);
            milliseconds %= units[i].size;
        }
    }
    if (into->length == before) {
        put(into, TEXT("0s"));
    }
}

text text_of(const buffer *from) {
    return (text){from->at, from->length};
}

#ifdef __wasm__

#define PAGE 65536u
#define EXPORT(name) __attribute__((export_name(name), used))

extern char __heap_base;

void *take(size_t bytes) {
    static uintptr_t next, end;
    if (next == 0) {
        next = ((uintptr_t)&__heap_base + 7) & ~(uintptr_t)7;
        end = __builtin_wasm_memory_size(0) * PAGE;
    }
    size_t rounded = (bytes + 7) & ~(size_t)7;
    // What holdpoint grants at most is far below the address space.
    if (rounded < bytes || rounded > UINTPTR_MAX - next - PAGE) {
        __builtin_trap();
    }
    if (next + rounded > end) {
        size_t pages = (next + rounded - end + PAGE - 1) / PAGE;
        if (__builtin_wasm_memory_grow(0, pages) == (size_t)-1) {
            __builtin_trap();
        }
        end += pages * PAGE;
    }
    void *taken = (void *)next;
    next += rounded;
    return taken;
}

// The compiler makes calls of these out of loops and assignments.
void *memcpy(void *restrict to, const void *restrict from, size_t bytes) {
    return __builtin_memcpy(to, from, bytes);
}

void *memset(void *at, int value, size_t bytes) {
    return __builtin_memset(at, value, bytes);
}

EXPORT("cabi_realloc") void *cabi_realloc(void *old, size_t old_bytes, size_t alignment, size_t bytes) {
    (void)alignment;
    void *taken = take(bytes);
    return old_bytes > 0 ? memcpy(taken, old, old_bytes < bytes ? old_bytes : bytes) : taken;
}

// Times make records and lists align to 8, and a 4-byte pointer and length make a text: the structs of plugin.h have
// the layout of the contract wherever there is no enum or option of another width.
_Static_assert(sizeof(text) == 8, "texts");
_Static_assert(sizeof(optional_text) == 12 && sizeof(optional_time) == 16, "options");
_Static_assert(offsetof(deployment_record, created_at) == 80 && sizeof(deployment_record) == 120, "records");
_Static_assert(offsetof(finding, opens_at) == 40 && sizeof(finding) == 56, "findings");
_Static_assert(sizeof(metadata) == 56, "metadata");
_Static_assert(offsetof(evaluation_input, as_of) == 88 && sizeof(evaluation_input) == 120, "the input");

__attribute__((import_module("holdpoint:plugin/records@0.1.0"), import_name("page"))) void imported_page(
    int32_t has_environment, const char *environment, size_t environment_length,
    int32_t has_target, const char *target, size_t target_length,
    int32_t has_deployment_name, const char *deployment_name, size_t deployment_name_length,
    int32_t has_digest, const char *digest, size_t digest_length,
    int32_t has_status, int32_t status, int32_t offset, int32_t limit, record_list *result);

record_list records_page(const filter *f, uint32_t offset, uint32_t limit) {
    record_list result;
    imported_page(f->environment.is_some, f->environment.value.at, f->environment.value.length,
                  f->target.is_some, f->target.value.at, f->target.value.length,
                  f->deployment_name.is_some, f->deployment_name.value.at, f->deployment_name.value.length,
                  f->digest.is_some, f->digest.value.at, f->digest.value.length,
                  f->status >= 0, f->status >= 0 ? f->status : 0, (int32_t)offset, (int32_t)limit, &result);
    return result;
}

EXPORT("holdpoint:plugin/rule@0.1.0#describe") const metadata *exported_describe(void) {
    metadata *result = take(sizeof *result);
    *result = rule_describe();
    return result;
}

// result<_, list<string>>
typedef struct {
    uint8_t is_error;
    const text *faults;
    size_t count;
} checked;

EXPORT("holdpoint:plugin/rule@0.1.0#check-parameters")
const checked *exported_check_parameters(const char *at, size_t length) {
    text *fault = take(sizeof *fault);
    *fault = rule_check_parameters((text){at, length});
    checked *result = take(sizeof *result);
    *result = (checked){fault->length > 0, fault, 1};
    return result;
}

// result<verdict, string>
typedef struct {
    uint8_t is_error;
    union {
        text error;
        struct {
            uint8_t is_skipped;
            union {
                struct {
                    const finding *items;
                    size_t count;
                } findings;
                text reason;
            };
        } verdict;
    };
} evaluated;

EXPORT("holdpoint:plugin/rule@0.1.0#evaluate") const evaluated *exported_evaluate(const evaluation_input *input) {
    verdict said = rule_evaluate(input);
    evaluated *result = take(sizeof *result);
    if (said.kind == UNDECIDED) {
        result->is_error = 1;
        result->error = said.reason;
        return result;
    }
    result->is_error = 0;
    result->verdict.is_skipped = said.kind == SKIPPED;
    if (said.kind == SKIPPED) {
        result->verdict.reason = said.reason;
    } else {
        result->verdict.findings.items = said.findings;
        result->verdict.findings.count = said.finding_count;
    }
    return result;
}

#endif
