#include "json.h"

// Nesting beyond this is refused.
#define MOST_DEPTH 16
#define MOST_WORDS 64

typedef struct {
    const char *at, *end;
} reader;

static bool value(reader *from, json_value *into, unsigned depth);

static void blanks(reader *from) {
    while (from->at < from->end &&
           (*from->at == ' ' || *from->at == '\n' || *from->at == '\r' || *from->at == '\t')) {
        from->at++;
    }
}

static bool skip(reader *from, char character) {
    blanks(from);
    if (from->at < from->end && *from->at == character) {
        from->at++;
        return true;
    }
    return false;
}

static bool word_is(reader *from, text word) {
    if ((size_t)(from->end - from->at) < word.length || !same((text){from->at, word.length}, word)) {
        return false;
    }
    from->at += word.length;
    return true;
}

static int hex(char digit) {
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    if (digit >= 'a' && digit <= 'f') {
        return digit - 'a' + 10;
    }
    return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

// The code point of `uXXXX`, or negative.
static int32_t unit(reader *from) {
    int32_t code = 0;
    if (from->end - from->at < 4) {
        return -1;
    }
    for (int i = 0; i < 4; i++) {
        int digit = hex(*from->at++);
        if (digit < 0) {
            return -1;
        }
        code = code * 16 + digit;
    }
    return code;
}

static char *encode(char *out, int32_t code) {
    if (code < 0x80) {
        *out++ = (char)code;
    } else if (code < 0x800) {
        *out++ = (char)(0xC0 | code >> 6);
        *out++ = (char)(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
        *out++ = (char)(0xE0 | code >> 12);
        *out++ = (char)(0x80 | (code >> 6 & 0x3F));
        *out++ = (char)(0x80 | (code & 0x3F));
    } else {
        *out++ = (char)(0xF0 | code >> 18);
        *out++ = (char)(0x80 | (code >> 12 & 0x3F));
        *out++ = (char)(0x80 | (code >> 6 & 0x3F));
        *out++ = (char)(0x80 | (code & 0x3F));
    }
    return out;
}

// Never longer than what it was written as.
static char *escaped(reader *from, char *out) {
    static const char names[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    char name = *from->at++;
    for (size_t i = 0; i < sizeof names - 1; i++) {
        if (name == names[i]) {
            *out++ = meanings[i];
            return out;
        }
    }
    int32_t code = name == 'u' ? unit(from) : -1;
    if (code >= 0xD800 && code < 0xDC00) {
        int32_t low = word_is(from, TEXT("\\u")) ? unit(from) : -1;
        code = low >= 0xDC00 && low < 0xE000 ? 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00) : -1;
    } else if (code >= 0xDC00 && code < 0xE000) {
        code = -1;
    }
    return code < 0 ? NULL : encode(out, code);
}

static bool string(reader *from, text *into) {
    if (!skip(from, '"')) {
        return false;
    }
    char *start = take((size_t)(from->end - from->at)), *out = start;
    while (from->at < from->end) {
        char character = *from->at++;
        if (character == '"') {
            *into = (text){start, (size_t)(out - start)};
            return true;
        }
        if (character == '\\') {
            out = from->at < from->end ? escaped(from, out) : NULL;
            if (out == NULL) {
                return false;
            }
        } else if ((unsigned char)character < 0x20) {
            return false;
        } else {
            *out++ = character;
        }
    }
    return false;
}

// Whole numbers, also written `3.0`; others are OTHER.
static bool number(reader *from, json_value *into) {
    const char *start = from->at;
    bool whole = true, fraction = false;
    uint64_t total = 0;
    for (; from->at < from->end; from->at++) {
        char character = *from->at;
        if (character == '.') {
            fraction = true;
        } else if (character < '0' || character > '9') {
            if (character != '-' && character != '+' && character != 'e' && character != 'E') {
                break;
            }
            whole = false;
        } else if (fraction) {
            whole = whole && character == '0';
        } else if (total > UINT64_MAX / 10 - 1) {
            whole = false;
        } else {
            total = total * 10 + (uint64_t)(character - '0');
        }
    }
    into->kind = whole ? NUMBER : OTHER;
    into->number = total;
    return from->at > start;
}

static bool list(reader *from, json_value *into, unsigned depth) {
    text *words = take(MOST_WORDS * sizeof *words);
    size_t count = 0;
    bool only_words = true;
    if (!skip(from, ']')) {
        do {
            json_value item = {0};
            if (!value(from, &item, depth + 1)) {
                return false;
            }
            only_words = only_words && item.kind == WORD && count < MOST_WORDS;
            if (only_words) {
                words[count++] = item.word;
            }
        } while (skip(from, ','));
        if (!skip(from, ']')) {
            return false;
        }
    }
    *into = (json_value){.kind = only_words ? WORDS : OTHER, .words = words, .word_count = count};
    return true;
}

static bool members(reader *from, unsigned depth, bool (*member)(void *, text, json_value), void *context) {
    if (skip(from, '}')) {
        return true;
    }
    do {
        text name;
        json_value member_value = {0};
        if (!string(from, &name) || !skip(from, ':') || !value(from, &member_value, depth + 1)) {
            return false;
        }
        if (member != NULL && !member(context, name, member_value)) {
            return false;
        }
    } while (skip(from, ','));
    return skip(from, '}');
}

static bool value(reader *from, json_value *into, unsigned depth) {
    blanks(from);
    if (depth > MOST_DEPTH || from->at == from->end) {
        return false;
    }
    into->kind = OTHER;
    switch (*from->at) {
    case '"':
        into->kind = WORD;
        return string(from, &into->word);
    case '[':
        from->at++;
        return list(from, into, depth);
    case '{':
        from->at++;
        return members(from, depth, NULL, NULL);
    case 't':
        return word_is(from, TEXT("true"));
    case 'f':
        return word_is(from, TEXT("false"));
    case 'n':
        return word_is(from, TEXT("null"));
    default:
        return number(from, into);
    }
}

bool json_members(text json, bool (*member)(void *, text, json_value), void *context) {
    reader from = {json.at, json.at + json.length};
    if (!skip(&from, '{') || !members(&from, 0, member, context)) {
        return false;
    }
    blanks(&from);
    return from.at == from.end;
}
