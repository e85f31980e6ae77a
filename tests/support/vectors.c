#include "tests/support/vectors.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "station/base/bytes.h"

#define PUBLISHED "tests/vectors/"
#define OWN "tests/keys/data/"

struct pair {
	const char *key;
	const char *value;
};

struct vector {
	const char *name;
	struct pair *pairs;
	size_t count;
};

struct vectors {
	char *text;		/* all names, keys and values point into it */
	struct vector *list;
	size_t count;
};

static _Noreturn void
give_up(const char *what, const char *which)
{
	(void)fprintf(stderr, "vectors: %s: %s\n", what, which);
	exit(1);
}

static void *
grown(void *p, size_t count, size_t size)
{
	p = realloc(p, (count + 1) * size);
	if (p == NULL)
		give_up("no memory", "");
	return p;
}

static char *
slurp(const char *folder, const char *file)
{
	char path[256];
	FILE *f;
	char *text = NULL;
	size_t len = 0;

	(void)snprintf(path, sizeof(path), "%s%s", folder, file);
	f = fopen(path, "rb");
	if (f == NULL)
		give_up("cannot open (tests run in the repository's root)", path);
	for (int c; (c = getc(f)) != EOF; len++) {
		if (len % 4096 == 0)
			text = grown(text, len + 4096, 1);
		text[len] = (char)c;
	}
	(void)fclose(f);
	if (len == 0)
		give_up("empty", path);
	text[len] = '\0';
	return text;
}

static char *
trim(char *s)
{
	char *end = s + strlen(s);

	while (end > s && isspace((unsigned char)end[-1]))
		*--end = '\0';
	while (isspace((unsigned char)*s))
		s++;
	return s;
}

static void
take_line(struct vectors *v, char *line)
{
	struct vector *last = v->count == 0 ? NULL : &v->list[v->count - 1];
	char *equals = strchr(line, '=');
	char *close = strchr(line, ']');

	if (*line == '\0' || *line == '#')
		return;
	if (*line == '[' && close != NULL) {
		*close = '\0';
		v->list = grown(v->list, v->count, sizeof(*v->list));
		v->list[v->count++] = (struct vector){line + 1, NULL, 0};
		return;
	}
	if (last == NULL || equals == NULL)
		give_up("neither a section nor a pair", line);
	*equals = '\0';
	last->pairs = grown(last->pairs, last->count, sizeof(*last->pairs));
	last->pairs[last->count++] = (struct pair){trim(line), trim(equals + 1)};
}

static struct vectors *
load(const char *folder, const char *file)
{
	struct vectors *v = grown(NULL, 0, sizeof(*v));
	char *save = NULL;

	*v = (struct vectors){slurp(folder, file), NULL, 0};
	for (char *l = strtok_r(v->text, "\n", &save); l != NULL; l = strtok_r(NULL, "\n", &save))
		take_line(v, trim(l));
	return v;
}

struct vectors *
vectors_load(const char *file)
{
	return load(PUBLISHED, file);
}

struct vectors *
vectors_load_own(const char *file)
{
	return load(OWN, file);
}

void
vectors_free(struct vectors **v)
{
	if (*v == NULL)
		return;
	for (size_t i = 0; i < (*v)->count; i++)
		free((*v)->list[i].pairs);
	free((*v)->list);
	free((*v)->text);
	free(*v);
	*v = NULL;
}

size_t
vectors_count(const struct vectors *v)
{
	return v->count;
}

const struct vector *
vectors_at(const struct vectors *v, size_t i)
{
	return &v->list[i];
}

const struct vector *
vectors_get(const struct vectors *v, const char *name)
{
	for (size_t i = 0; i < v->count; i++)
		if (strcmp(v->list[i].name, name) == 0)
			return &v->list[i];
	give_up("no such vector", name);
}

const char *
vector_name(const struct vector *v)
{
	return v->name;
}

static const char *
find(const struct vector *v, const char *key)
{
	for (size_t i = 0; i < v->count; i++)
		if (strcmp(v->pairs[i].key, key) == 0)
			return v->pairs[i].value;
	return NULL;
}

bool
vector_has(const struct vector *v, const char *key)
{
	return find(v, key) != NULL;
}

const char *
vector_str(const struct vector *v, const char *key)
{
	const char *s = find(v, key);

	if (s == NULL)
		give_up(v->name, key);
	return s;
}

size_t
vector_hex(const struct vector *v, const char *key, uint8_t *out, size_t cap)
{
	size_t len;

	if (!hex_decode(vector_str(v, key), out, cap, &len))
		give_up(v->name, key);
	return len;
}

bool
vector_frame(const struct vector *v, const char *stem, unsigned n, uint8_t *out, size_t cap,
    size_t *len)
{
	char key[32];

	(void)snprintf(key, sizeof(key), "%s.%u", stem, n);
	*len = 0;
	if (!vector_has(v, key))
		return false;
	*len = vector_hex(v, key, out, cap);
	return true;
}
