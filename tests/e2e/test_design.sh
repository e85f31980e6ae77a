# Designs from the command line: listed, checked with all faults at once, previewed; and a
# card gets the design of its tier, in its language, with the club's logo and its member's photo.
. tests/support/tap.sh
. tests/e2e/station.sh
need jq jq
club=$TMPDIR/club
new_club "$club"
d=$club/designs

# --- list
equal "every shipped design is in a new club" \
	"$("$bashgah" -C "$club" --json design list | jq -r '.designs | length')" 16
equal "a child is listed with its parent" \
	"$("$bashgah" -C "$club" --json design list | jq -r '.designs[] | select(.name == "default-en-gold").parent')" default-en
expect "without a club the shipped ones are listed" \
	grep -qE '^  default-vip +default$' <<<"$("$bashgah" -C "$TMPDIR/nowhere" --lang en design list)"

# --- check
expect "a shipped design has no fault" "$bashgah" -C "$club" design check default-gold --dpi 200
expect "the fonts really used are told" \
	grep -q 'Amiri' <<<"$("$bashgah" -C "$club" --lang en design check default-gold)"
cat >"$TMPDIR/bad.svg" <<'END'
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 85.6 53.98" data-bg-chip="contact">
<script>1</script>
<image id="far" href="http://example.com/a.png"/>
<circle id="moon" cx="85" cy="20" r="6" fill="#cce"/>
<rect id="sun" x="10" y="20" width="4" height="4" fill="#fc0"/>
<text id="wrong" x="40" y="20" font-size="3" direction="rtl" text-anchor="end" font-family="Amiri">فروشگاه</text>
<text id="stranger" x="40" y="30" font-size="3" font-family="Amiri">王</text>
<g font-family="Amiri" direction="rtl">
<text id="bg:name" x="80" y="36" font-size="6" data-bg-max-width="9"/>
<text id="bg:number" x="80" y="42" font-size="3" data-bg-max-width="40"/>
<text id="bg:valid" x="80" y="52.5" font-size="3" data-bg-max-width="40"/></g>
<rect id="bg:qr" x="30" y="4" width="26" height="26" fill="#888"/><g id="bg:test"/>
<path id="frame" d="M31 5h20" stroke="#000" stroke-width=".6"/></svg>
END
for lang in fa en; do
	said=$("$bashgah" --lang $lang design check "$TMPDIR/bad.svg" 2>&1)
	equal "a bad design ends with 1 ($lang)" $? 1
	for element in '<script>' far moon sun wrong stranger bg:name bg:valid bg:qr frame; do
		expect "what is wrong with $element is said ($lang)" grep -qF "$element" <<<"$said"
	done
	expect_code 1 "and has no hole ($lang)" grep -qE '\{[0-9]\}|MSG_|\(null\)' <<<"$said"
done
equal "programs get every fault by name" \
	"$("$bashgah" --json design check "$TMPDIR/bad.svg" | jq -r '[.designs[0].findings[].message] | unique | join(" ")')" \
	"DESIGN_ANCHOR_END DESIGN_FORBIDDEN DESIGN_INK_ON_CHIP DESIGN_INK_OUTSIDE DESIGN_NO_FIT DESIGN_NO_GLYPH DESIGN_OUTSIDE DESIGN_OVER_QR DESIGN_QR_CONTRAST DESIGN_QR_QUIET DESIGN_UNSAFE"
sed 's/width="26" height="26"/width="14.5" height="14.5"/' "$d/default-back.svg" >"$TMPDIR/fine-back.svg"
cp "$d/default-front.svg" "$TMPDIR/fine-front.svg"
expect "one side of a pair is checked with the other" "$bashgah" design check "$TMPDIR/fine-front.svg" --dpi 600
said=$("$bashgah" --lang en design check "$TMPDIR/fine-front.svg" --dpi 200 2>&1)
equal "a code too fine for the printer is a fault" $? 1
expect "of the file it is in, at that resolution" grep -q 'At 200 dots.*fine-back.svg' <<<"$said"
refuses 2 "a printer nobody has" '۲۰۰' '200' design check default --dpi 72
expect_code 1 "a name that must fit and does not" "$bashgah" -C "$club" design check default \
	--name 'سید محمدحسین طباطبایی بهبهانی نژاد اصفهانی شیرازی کرمانی'
expect_code 1 "a design that is not there is a fault" "$bashgah" -C "$club" design check nowhere

# --- preview
# size FILE: width and height that a PNG says it has
size() { od -An -tu1 -j16 -N8 "$1" | awk '{ print $3 * 256 + $4, $7 * 256 + $8 }'; }
"$bashgah" -C "$club" design preview default --tier gold --output "$TMPDIR/p.png" >/dev/null
equal "a preview has the pixels of a card at 300 dpi" "$(size "$TMPDIR/p.png")" "1012 638"
"$bashgah" -C "$club" design preview default --side back --dpi 100 --output "$TMPDIR/q.png" >/dev/null
equal "and at 100" "$(size "$TMPDIR/q.png")" "338 213"
"$bashgah" -C "$club" design preview default-gold --output "$TMPDIR/g.png" >/dev/null
expect "the child of a tier is drawn for that tier" cmp "$TMPDIR/p.png" "$TMPDIR/g.png"
equal "of a tier and a kind, the kind is drawn" "$("$bashgah" -C "$club" --json design preview default --tier gold --app gift \
	--output "$TMPDIR/p.png" | jq -r .design)" default-gift
equal "in English, the English one" "$("$bashgah" -C "$club" --json design preview default --tier vip --card-lang en \
	--output "$TMPDIR/p.png" | jq -r .design)" default-en-vip
refuses 2 "a side no card has" 'top' 'top' design preview default --side top --output "$TMPDIR/p.png"
refuses 4 "a design that is not there" 'nowhere' 'nowhere' -C "$club" design preview nowhere --output "$TMPDIR/p.png"
refuses 1 "a picture that is none" 'bg:photo' 'bg:photo' -C "$club" design preview default-staff --photo "$0" --output "$TMPDIR/p.png"

# --- a card's own design
"$bashgah" -C "$club" member add 'نرگس رستمی' --tier gold >/dev/null
card=$(field .card "$bashgah" -C "$club" --json issue --member 2 --tier gold --reader none --quick)
# front DESIGN LANG: the front of her card, printed with these
front() {
	field .png_front "$bashgah" -C "$club" --json print "$card" ${1:+--design "$1"} --card-lang "$2"
}
one=$(front '' fa)
expect "a gold member's card is printed" test -s "$one"
expect "it has the gold design" cmp "$one" "$(front default-gold fa)"
expect_code 1 "and not another" cmp -s "$one" "$(front default-vip fa)"
expect "in English, the gold one in English" cmp "$(front '' en)" "$(front default-en-gold en)"
before=$(field .png_back "$bashgah" -C "$club" --json print "$card")
cp "$TMPDIR/q.png" "$d/logo.png"
mkdir "$club/photos"
cp "$TMPDIR/q.png" "$club/photos/2.png"
expect_code 1 "the club's logo comes onto the card" cmp -s "$before" \
	"$(field .png_back "$bashgah" -C "$club" --json print "$card")"
staff=$(front default-staff fa)
rm "$club/photos/2.png"
expect_code 1 "and a member's photo, where the design has a place for it" cmp -s "$staff" "$(front default-staff fa)"
head -c 3000000 /dev/zero >"$d/logo.png"
refuses 1 "a logo of three megabytes" 'logo.png' 'logo.png' -C "$club" print "$card"
plan
