// A reader of JSON objects, as small as parameters need: members of the top, texts, whole numbers, lists of texts.
#pragma once

#include "plugin.h"

typedef struct {
    enum { ABSENT, WORD, NUMBER, WORDS, OTHER } kind;
    text word;
    uint64_t number;
    const text *words;
    size_t word_count;
} json_value;

// Calls `member` for each member. False when the text is no JSON object, or `member` returned false.
bool json_members(text json, bool (*member)(void *context, text name, json_value value), void *context);
