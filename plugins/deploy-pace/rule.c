// deploy-pace: no place gets more than so many deployments within a time, or the next one too soon after the last.
// See README.md.

#include "json.h"

#define SECOND 1000ull
#define MOST_PAGE 500u
// Records looked at; what lies beyond is not known, and then nothing is decided.
#define MOST_RECORDS 20000u
#define MOST_TARGETS 64u

static const char schema[] =
    "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"type\":\"object\",\"additionalProperties\":false,"
    "\"required\":[\"most\",\"within\"],\"properties\":{"
    "\"most\":{\"description\":\"The most deployments that a target gets within that time.\","
    "\"type\":\"integer\",\"minimum\":1,\"maximum\":1000},"
    "\"within\":{\"description\":\"That time, such as 24h.\",\"type\":\"string\",\"pattern\":\"^([0-9]+[smhd])+$\"},"
    "\"apart\":{\"description\":\"The least time between two deployments to a target.\","
    "\"type\":\"string\",\"pattern\":\"^([0-9]+[smhd])+$\"},"
    "\"per\":{\"description\":\"What has the budget: each deployment name, or all that is in the target together.\","
    "\"enum\":[\"deployment\",\"target\"],\"default\":\"deployment\"},"
    "\"exempt_intents\":{\"description\":\"Intents that are not slowed down. The caller claims the intent.\","
    "\"type\":\"array\",\"items\":{\"type\":\"string\",\"minLength\":1},\"maxItems\":64,\"uniqueItems\":true,\"default\":[]}}}";

typedef struct {
    uint64_t most, within, apart;
    bool per_target;
    const text *exempt;
    size_t exempt_count;
    text fault;
} parameters;

metadata rule_describe(void) {
    return (metadata){
        .name = TEXT("deploy-pace"),
        .version = TEXT("0.1.0"),
        .title = TEXT("Not too many deployments within a time, and none too soon after the last"),
        .description = TEXT("Counts the deployments that each target of the environment got lately, and holds until "
                            "there is room for one more."),
        .parameters_schema = {true, {schema, sizeof schema - 1}},
    };
}

// `24h`, `1h30m`. False for anything else, and for more than 10,000 days.
static bool duration(text from, uint64_t *into) {
    uint64_t total = 0, number = 0;
    bool has_digits = false;
    for (size_t i = 0; i < from.length; i++) {
        char character = from.at[i];
        if (character >= '0' && character <= '9') {
            number = number * 10 + (uint64_t)(character - '0');
            has_digits = true;
            if (number > 864000000ull) {
                return false;
            }
            continue;
        }
        uint64_t unit = character == 's' ? 1 : character == 'm' ? 60 : character == 'h' ? 3600 : 86400;
        if (!has_digits || (unit == 86400 && character != 'd')) {
            return false;
        }
        total += number * unit;
        number = 0;
        has_digits = false;
        if (total > 864000000ull) {
            return false;
        }
    }
    *into = total * SECOND;
    return from.length > 0 && !has_digits;
}

static bool refuse(parameters *into, text fault) {
    into->fault = fault;
    return false;
}

static bool member(void *context, text name, json_value value) {
    parameters *into = context;
    if (same(name, TEXT("most"))) {
        into->most = value.number;
        return (value.kind == NUMBER && value.number >= 1) || refuse(into, TEXT("`most` has to be a whole number from 1 on"));
    }
    if (same(name, TEXT("within"))) {
        return (value.kind == WORD && duration(value.word, &into->within) && into->within > 0) ||
               refuse(into, TEXT("`within` has to be a duration such as 24h, longer than none and up to 10000d"));
    }
    if (same(name, TEXT("apart"))) {
        return (value.kind == WORD && duration(value.word, &into->apart)) ||
               refuse(into, TEXT("`apart` has to be a duration such as 30m, up to 10000d"));
    }
    if (same(name, TEXT("per"))) {
        into->per_target = value.kind == WORD && same(value.word, TEXT("target"));
        return into->per_target || (value.kind == WORD && same(value.word, TEXT("deployment"))) ||
               refuse(into, TEXT("`per` has to be deployment or target"));
    }
    if (same(name, TEXT("exempt_intents"))) {
        into->exempt = value.words;
        into->exempt_count = value.word_count;
        return value.kind == WORDS || refuse(into, TEXT("`exempt_intents` has to be a list of up to 64 words"));
    }
    return refuse(into, TEXT("there is a parameter besides `most`, `within`, `apart`, `per` and `exempt_intents`"));
}

// The fault is empty if there is none.
static parameters read_parameters(text json) {
    parameters read = {0};
    if (!json_members(json, member, &read)) {
        if (read.fault.length == 0) {
            read.fault = TEXT("the parameters are no JSON object");
        }
    } else if (read.most == 0 || read.within == 0) {
        read.fault = TEXT("`most` and `within` are needed");
    } else if (read.apart > read.within) {
        read.fault = TEXT("`apart` is longer than `within`, so `most` would never matter");
    }
    return read;
}

text rule_check_parameters(text json) {
    return read_parameters(json).fault;
}

// What one target got lately.
typedef struct {
    text name;
    // The newest record, and the one that has to grow old before there is room: the `most`-th newest.
    const deployment_record *newest, *limiting;
    uint64_t count;
} tally;

typedef struct {
    tally targets[MOST_TARGETS];
    size_t count;
} tallies;

static tally *tally_of(tallies *all, text target) {
    for (size_t i = 0; i < all->count; i++) {
        if (same(all->targets[i].name, target)) {
            return &all->targets[i];
        }
    }
    if (all->count == MOST_TARGETS) {
        return NULL;
    }
    all->targets[all->count] = (tally){.name = target};
    return &all->targets[all->count++];
}

// Records come newest first.
static bool count_record(tallies *all, const deployment_record *record, const parameters *wanted) {
    tally *target = tally_of(all, record->target);
    if (target == NULL) {
        return false;
    }
    if (target->newest == NULL) {
        target->newest = record;
    }
    target->count++;
    if (target->count == wanted->most) {
        target->limiting = record;
    }
    return true;
}

static bool is_recent(const deployment_record *record, uint64_t as_of, uint64_t within) {
    return record->created_at >= as_of || as_of - record->created_at < within;
}

// Whether the target runs the digest of the request, so that it would get nothing new.
static bool runs_it(const evaluation_input *input, text target) {
    filter running = {
        .environment = {true, input->request.environment},
        .target = {true, target},
        .deployment_name = {true, input->request.deployment_name},
        .digest = {true, input->request.artifact.digest},
        .status = DEPLOYED,
    };
    return records_page(&running, 0, 1).count > 0;
}

// Empty if all recent records were counted; else why not.
static text count_all(tallies *all, const evaluation_input *input, const parameters *wanted) {
    filter in_place = {
        .environment = {true, input->request.environment},
        .deployment_name = {!wanted->per_target, input->request.deployment_name},
        .status = -1,
    };
    for (uint32_t offset = 0; offset < MOST_RECORDS; offset += MOST_PAGE) {
        record_list page = records_page(&in_place, offset, MOST_PAGE);
        for (size_t i = 0; i < page.count; i++) {
            if (!is_recent(&page.items[i], input->as_of, wanted->within)) {
                return TEXT("");
            }
            if (!count_record(all, &page.items[i], wanted)) {
                return TEXT("the environment has more than 64 targets");
            }
        }
        if (page.count < MOST_PAGE) {
            return TEXT("");
        }
    }
    return TEXT("there are more than 20000 records within the time");
}

// Adds what holds a target up.
static void hold(finding *into, text code, buffer *message, const tally *target, const deployment_record *record,
                 uint64_t opens_at) {
    text *ids = take(sizeof *ids);
    *ids = record->id;
    put(message, TEXT(" in `"));
    put(message, target->name);
    put(message, TEXT("`"));
    *into = (finding){
        .effect = HOLD, .code = code, .message = text_of(message), .records = ids, .record_count = 1,
        .opens_at = {true, opens_at},
    };
}

static size_t hold_up(finding *into, const tally *target, const parameters *wanted, uint64_t as_of) {
    size_t count = 0;
    if (target->limiting != NULL) {
        buffer message = {0};
        put_number(&message, target->count);
        put(&message, TEXT(" deployments within "));
        put_duration(&message, wanted->within);
        put(&message, TEXT(", and at most "));
        put_number(&message, wanted->most);
        put(&message, wanted->most == 1 ? TEXT(" is allowed,") : TEXT(" are allowed,"));
        hold(&into[count++], TEXT("pace-budget"), &message, target, target->limiting,
             target->limiting->created_at + wanted->within);
    }
    if (wanted->apart > 0 && is_recent(target->newest, as_of, wanted->apart)) {
        buffer message = {0};
        put(&message, TEXT("the last deployment is less than "));
        put_duration(&message, wanted->apart);
        put(&message, TEXT(" ago"));
        hold(&into[count++], TEXT("pace-too-soon"), &message, target, target->newest,
             target->newest->created_at + wanted->apart);
    }
    return count;
}

static verdict judge(tallies *all, const evaluation_input *input, const parameters *wanted) {
    finding *findings = take(2 * MOST_TARGETS * sizeof *findings);
    size_t count = 0;
    for (size_t i = 0; i < all->count; i++) {
        const tally *target = &all->targets[i];
        size_t held = hold_up(findings + count, target, wanted, input->as_of);
        if (held > 0 && !runs_it(input, target->name)) {
            count += held;
        }
    }
    return (verdict){.kind = EVALUATED, .findings = findings, .finding_count = count};
}

verdict rule_evaluate(const evaluation_input *input) {
    parameters wanted = read_parameters(input->parameters);
    if (wanted.fault.length > 0) {
        return (verdict){.kind = UNDECIDED, .reason = wanted.fault};
    }
    for (size_t i = 0; i < wanted.exempt_count; i++) {
        if (same(wanted.exempt[i], input->request.intent)) {
            buffer reason = {0};
            put(&reason, TEXT("the intent `"));
            put(&reason, input->request.intent);
            put(&reason, TEXT("` is not slowed down"));
            return (verdict){.kind = SKIPPED, .reason = text_of(&reason)};
        }
    }
    if (!wanted.per_target && input->request.deployment_name.length == 0) {
        return (verdict){.kind = UNDECIDED, .reason = TEXT("the request names no deployment, whose pace could be counted")};
    }
    tallies *all = take(sizeof *all);
    all->count = 0;
    text fault = count_all(all, input, &wanted);
    return fault.length > 0 ? (verdict){.kind = UNDECIDED, .reason = fault} : judge(all, input, &wanted);
}
