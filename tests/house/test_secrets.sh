# Secrets in the sources: one place draws random numbers and nobody leaves its answer unlooked at.
. tests/support/tap.sh

# product PATTERN: lines of the product's sources, less comments, that have it
product() {
	find station keys cardapps printer -name '*.[ch]' | sort |
		xargs -r grep -nE -e "$1" | grep -vE '^[^:]+:[0-9]+:[[:space:]]*(/\*|\*)' | cut -d: -f1
}

equal "OpenSSL is asked for random numbers in one place" \
	"$(product '\bRAND_[a-z_]+ *\(')" keys/digest.c
equal "nobody draws from another source" \
	"$(product '(^|[^>._a-z])(s?rand(om)?(_r)?|[dlm]rand48|arc4random[a-z_]*|getrandom|getentropy) *\(|dev/u?random')" ""

# compiles SENTENCE-ENDING WANT STATEMENT: a caller of random_bytes with this statement
compiles() {
	printf '%s\n' '#include "keys/digest.h"' 'void draw(unsigned char *out);' 'void draw(unsigned char *out)' \
		"{ $2 }" >"$TMPDIR/draw.c"
	expect_code "$1" "$3" gcc -std=c11 -I. -Wall -Werror -c -o "$TMPDIR/draw.o" "$TMPDIR/draw.c"
}
compiles 0 'if (random_bytes(out, 8, 0) != ERR_OK) *out = 0;' "an answer that is looked at compiles"
compiles 1 'random_bytes(out, 8, 0);' "an answer that is dropped does not compile in the gate"
compiles 1 '(void)random_bytes(out, 8, 0);' "nor does one that is thrown away by name"
plan
