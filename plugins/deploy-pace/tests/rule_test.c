// The rule natively, against records of the test's own: tests/run.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../plugin.h"

#define HOUR 3600000ull
#define NOW (1000 * HOUR)

static deployment_record records[70];
static size_t record_count;
static int failures;

void *take(size_t bytes) {
    return calloc(1, bytes > 0 ? bytes : 1);
}

static text from(const char *words) {
    return (text){words, strlen(words)};
}

static bool fits(optional_text wanted, text value) {
    return !wanted.is_some || same(wanted.value, value);
}

record_list records_page(const filter *f, uint32_t offset, uint32_t limit) {
    deployment_record *found = take(sizeof records);
    size_t count = 0, seen = 0;
    for (size_t i = 0; i < record_count; i++) {
        const deployment_record *record = &records[i];
        bool matches = fits(f->environment, record->environment) && fits(f->target, record->target) &&
                       fits(f->deployment_name, record->deployment_name) && fits(f->digest, record->artifact.digest) &&
                       (f->status < 0 || f->status == record->status);
        if (matches && seen++ >= offset && count < limit) {
            found[count++] = *record;
        }
    }
    return (record_list){found, count};
}

// Records have to be added newest first, as the host gives them.
static void add(const char *target, const char *name, const char *digest, status status, uint64_t hours_ago) {
    records[record_count++] = (deployment_record){
        .id = from("r"), .environment = TEXT("production"), .target = from(target), .deployment_name = from(name),
        .artifact.digest = from(digest), .status = status, .created_at = NOW - hours_ago * HOUR,
    };
}

static verdict ask(const char *parameters, const char *name, const char *intent) {
    evaluation_input input = {
        .request = {.artifact.digest = TEXT("new"), .environment = TEXT("production"), .deployment_name = from(name),
                    .intent = from(intent)},
        .as_of = NOW,
        .parameters = from(parameters),
    };
    return rule_evaluate(&input);
}

static void expect(bool holds, const char *what) {
    if (!holds) {
        printf("FAILED: %s\n", what);
        failures++;
    }
}

static bool held(verdict said, const char *code, uint64_t opens_in_hours) {
    return said.kind == EVALUATED && said.finding_count == 1 && said.findings[0].effect == HOLD &&
           same(said.findings[0].code, from(code)) && said.findings[0].opens_at.value == NOW + opens_in_hours * HOUR;
}

static bool passed(verdict said) {
    return said.kind == EVALUATED && said.finding_count == 0;
}

static void test_parameters(void) {
    static const struct {
        const char *json;
        bool fit;
    } cases[] = {
        {"{\"most\":3,\"within\":\"24h\"}", true},
        {" { \"within\" : \"1d12h\" , \"most\" : 3.0 , \"apart\":\"30m\", \"per\":\"target\"} ", true},
        {"{\"most\":3,\"within\":\"\\u0032\\u0034h\",\"exempt_intents\":[\"rollback\",\"h\\u00f6\\ud83d\\ude00\"]}", true},
        {"{\"most\":3,\"within\":\"24h\",\"exempt_intents\":[]}", true},
        {"{}", false},
        {"", false},
        {"[]", false},
        {"{\"most\":3,\"within\":\"24h\"", false},
        {"{\"most\":3,\"within\":\"24h\"} x", false},
        {"{\"most\":3}", false},
        {"{\"most\":0,\"within\":\"24h\"}", false},
        {"{\"most\":-3,\"within\":\"24h\"}", false},
        {"{\"most\":2.5,\"within\":\"24h\"}", false},
        {"{\"most\":\"3\",\"within\":\"24h\"}", false},
        {"{\"most\":99999999999999999999999,\"within\":\"24h\"}", false},
        {"{\"most\":3,\"within\":\"24\"}", false},
        {"{\"most\":3,\"within\":\"h\"}", false},
        {"{\"most\":3,\"within\":\"0s\"}", false},
        {"{\"most\":3,\"within\":\"1w\"}", false},
        {"{\"most\":3,\"within\":\"99999999999999999999s\"}", false},
        {"{\"most\":3,\"within\":\"\\ud83d\"}", false},
        {"{\"most\":3,\"within\":\"24h", false},
        {"{\"most\":3,\"within\":\"24h\\", false},
        {"{\"most\":3,\"within\":\"1h\",\"apart\":\"2h\"}", false},
        {"{\"most\":3,\"within\":\"24h\",\"per\":\"cluster\"}", false},
        {"{\"most\":3,\"within\":\"24h\",\"exempt_intents\":[7]}", false},
        {"{\"most\":3,\"within\":\"24h\",\"exempt_intents\":\"rollback\"}", false},
        {"{\"most\":3,\"within\":\"24h\",\"withn\":\"24h\"}", false},
        {"{\"x\":[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]}", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        expect((rule_check_parameters(from(cases[i].json)).length == 0) == cases[i].fit, cases[i].json);
    }
}

static void test_budget(void) {
    const char *two = "{\"most\":2,\"within\":\"24h\"}";
    record_count = 0;
    expect(passed(ask(two, "shop", "deploy")), "no records");
    add("eu", "shop", "c", DEPLOYED, 1);
    add("eu", "other", "x", DEPLOYED, 2);
    expect(passed(ask(two, "shop", "deploy")), "one of two; another deployment does not count");
    expect(held(ask("{\"most\":2,\"within\":\"24h\",\"per\":\"target\"}", "shop", "deploy"), "pace-budget", 22),
           "all of the target together");
    add("us", "shop", "b", DEPLOYED, 3);
    expect(passed(ask(two, "shop", "deploy")), "each target has its own budget");
    add("eu", "shop", "b", SUPERSEDED, 20);
    expect(held(ask(two, "shop", "deploy"), "pace-budget", 4), "opens when the second newest grows old");
    expect(passed(ask("{\"most\":2,\"within\":\"20h\"}", "shop", "deploy")), "as old as the time is no longer recent");
    expect(ask("{\"most\":2,\"within\":\"24h\",\"exempt_intents\":[\"rollback\"]}", "shop", "rollback").kind == SKIPPED,
           "exempt");
    expect(ask(two, "", "deploy").kind == UNDECIDED, "no deployment name");
    expect(ask("{}", "shop", "deploy").kind == UNDECIDED, "no parameters");
}

static void test_apart(void) {
    const char *apart = "{\"most\":5,\"within\":\"24h\",\"apart\":\"2h\"}";
    record_count = 0;
    add("eu", "shop", "b", DEPLOYED, 1);
    verdict said = ask(apart, "shop", "deploy");
    expect(held(said, "pace-too-soon", 1), "too soon");
    expect(same(said.findings[0].message, TEXT("the last deployment is less than 2h ago in `eu`")), "the message");
    record_count = 0;
    add("eu", "shop", "b", DEPLOYED, 2);
    expect(passed(ask(apart, "shop", "deploy")), "long enough ago");
}

static void test_what_runs_already_is_not_deployed_again(void) {
    record_count = 0;
    add("eu", "shop", "b", SUPERSEDED, 1);
    add("eu", "shop", "new", DEPLOYED, 30);
    expect(passed(ask("{\"most\":1,\"within\":\"24h\"}", "shop", "deploy")), "runs already");
    records[1].status = SUPERSEDED;
    expect(held(ask("{\"most\":1,\"within\":\"24h\"}", "shop", "deploy"), "pace-budget", 23), "ran once");
}

static void test_bounds(void) {
    static char names[65][4];
    record_count = 0;
    for (int i = 0; i < 65; i++) {
        snprintf(names[i], sizeof names[i], "t%d", i);
        add(names[i], "shop", "b", DEPLOYED, 1);
    }
    expect(ask("{\"most\":1,\"within\":\"24h\"}", "shop", "deploy").kind == UNDECIDED, "more targets than are counted");
}

int main(void) {
    test_parameters();
    test_budget();
    test_apart();
    test_what_runs_already_is_not_deployed_again();
    test_bounds();
    puts(failures == 0 ? "deploy-pace: passed" : "deploy-pace: failed");
    return failures == 0 ? 0 : 1;
}
