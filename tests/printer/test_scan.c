/*
 * Every shipped design's code is read as a phone sees a print: under the noise of a worn
 * ribbon, blurred by a spot of 5 % of the code's width (four standard deviations, as
 * ISO 11146 measures one), at each resolution of a card printer. zbarimg reads it.
 */
#include <cairo/cairo.h>
#include <math.h>

#include "printer/artwork.h"
#include "tests/printer/sample.h"

/* Uniform, of 255, up and down. */
#define NOISE 64
#define BLUR  0.05
#define MM_PER_INCH 25.4
/* What the camera sees: the code and four millimetres around its place of 26. */
#define VIEW_MM  34.0
#define PLACE_MM 26.0
#define MODULES  29	/* of the sample's address; its quiet zone is four on each side */
/* Left upper corner of that in the Persian designs and in the English ones, and its top. */
#define VIEW_X_FA 4.4
#define VIEW_X_EN 47.2
#define VIEW_Y    4.6

static char folder[64];

static int
begin(void **state)
{
	(void)state;
	new_folder(folder);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	remove_folder(folder);
	return 0;
}

struct grey {
	int width, height;
	uint8_t *p;
};

/* The same drawing that goes to a printer, of its dots those that the camera sees. */
static struct grey
photograph(const struct design *d, const struct card_face *face, unsigned dpi, double left, double top)
{
	const RsvgRectangle card = { 0, 0, CARD_WIDTH_MM, CARD_HEIGHT_MM };
	struct why w = { 0 };
	struct artwork a;
	struct card_face f = *face;
	double per_mm = dpi / MM_PER_INCH;
	int size = (int)(VIEW_MM * per_mm);
	uint32_t v;
	f.dpi = dpi;
	expect(artwork_fill(d, &f, CARD_BACK, NULL, &a, &w), &w, ERR_OK, MSG_NONE);
	cairo_surface_t *s = cairo_image_surface_create(CAIRO_FORMAT_RGB24, size, size);
	cairo_t *cr = cairo_create(s);
	cairo_translate(cr, -floor(left * per_mm), -floor(top * per_mm));
	cairo_scale(cr, per_mm, per_mm);
	assert_true(rsvg_handle_render_document(a.handle, cr, &card, NULL));
	cairo_destroy(cr);
	cairo_surface_flush(s);
	artwork_clear(&a);
	struct grey g = { size, size, malloc((size_t)size * (size_t)size) };
	assert_non_null(g.p);
	for (int y = 0; y < g.height; y++) {
		for (int x = 0; x < g.width; x++) {
			memcpy(&v, cairo_image_surface_get_data(s) + y * cairo_image_surface_get_stride(s) + 4 * x,
			    sizeof(v));
			g.p[y * g.width + x] = (uint8_t)(((v >> 16 & 0xFF) * 54 + (v >> 8 & 0xFF) * 183 + (v & 0xFF) * 19) >> 8);
		}
	}
	cairo_surface_destroy(s);
	return g;
}

/* A Gaussian over a line of pixels that lie `step` apart; at its ends the last pixel goes on. */
static void
blur_line(uint8_t *p, int count, int step, const float *kernel, int reach, float *line)
{
	for (int i = -reach; i < count + reach; i++)
		line[i + reach] = p[(i < 0 ? 0 : i >= count ? count - 1 : i) * step];
	for (int i = 0; i < count; i++) {
		float sum = 0;
		for (int k = 0; k <= 2 * reach; k++)
			sum += kernel[k] * line[i + k];
		p[i * step] = (uint8_t)(sum + 0.5f);
	}
}

static void
blur(struct grey *g, double sigma)
{
	float kernel[129], total = 0;
	int reach = (int)ceil(3 * sigma);
	float *line = malloc(((size_t)g->width + 2 * (size_t)reach) * sizeof(*line));
	assert_non_null(line);
	assert_true(reach <= 64 && g->width == g->height);
	for (int k = 0; k <= 2 * reach; k++)
		total += kernel[k] = (float)exp(-(k - reach) * (k - reach) / (2 * sigma * sigma));
	for (int k = 0; k <= 2 * reach; k++)
		kernel[k] /= total;
	for (int i = 0; i < g->height; i++)
		blur_line(g->p + i * g->width, g->width, 1, kernel, reach, line);
	for (int i = 0; i < g->width; i++)
		blur_line(g->p + i, g->height, g->width, kernel, reach, line);
	free(line);
}

/* Of a spot that measures BLUR of the code's width, in pixels. */
static double
blur_sigma(double place_mm, unsigned dpi)
{
	return BLUR / 4 * MODULES * floor(place_mm * dpi / MM_PER_INCH / (MODULES + 2 * QR_QUIET));
}

/* The same noise at every run: a generator of Knuth's (MMIX). */
static void
add_noise(struct grey *g, uint64_t seed)
{
	for (int i = 0; i < g->width * g->height; i++) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		int v = g->p[i] + (int)(seed >> 33) % (2 * NOISE + 1) - NOISE;
		g->p[i] = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
	}
}

static void
save(const struct grey *g, const char *path)
{
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, "P5 %d %d 255\n", g->width, g->height);
	assert_int_equal(fwrite(g->p, (size_t)g->width, (size_t)g->height, f), g->height);
	assert_int_equal(fclose(f), 0);
}

/* How many of the pictures of the folder show the sample's code. */
static unsigned
read_back(void)
{
	char command[256], text[8192];
	unsigned count = 0;
	snprintf(command, sizeof(command), "zbarimg --raw -q --nodbus -Sdisable -Sqrcode.enable %s/*.pgm 2>/dev/null; rm -f %s/*.pgm",
	    folder, folder);
	run("zbar-tools", command, text, sizeof(text));
	for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"))
		count += strcmp(line, SAMPLE_QR) == 0;
	return count;
}

static void
scan(unsigned dpi)
{
	char path[128];
	struct card_face f = sample_face();
	for (unsigned i = 0; i < FAMILY; i++) {
		struct design *d = shipped(shipped_names[i]);
		bool en = strstr(shipped_names[i], "-en") != NULL;
		/* half of them with the practice words across */
		f.test = i % 2 == 0;
		struct grey g = photograph(d, &f, dpi, en ? VIEW_X_EN : VIEW_X_FA, VIEW_Y);
		add_noise(&g, dpi + i);
		blur(&g, blur_sigma(PLACE_MM, dpi));
		snprintf(path, sizeof(path), "%s/%s.pgm", folder, shipped_names[i]);
		save(&g, path);
		free(g.p);
		design_free(&d);
	}
	assert_int_equal(read_back(), FAMILY);
}

static void
every_design_is_read_at_200_dpi(void **state)
{
	(void)state;
	scan(200);
}

static void
every_design_is_read_at_300_dpi(void **state)
{
	(void)state;
	scan(300);
}

static void
every_design_is_read_at_600_dpi(void **state)
{
	(void)state;
	scan(600);
}

/* The measure tells: under twice that blur nobody reads it. */
static void
twice_that_blur_is_not_read(void **state)
{
	(void)state;
	char path[128];
	struct card_face f = sample_face();
	struct design *d = shipped("default");
	struct grey g = photograph(d, &f, 300, VIEW_X_FA, VIEW_Y);
	blur(&g, 2 * blur_sigma(PLACE_MM, 300));
	snprintf(path, sizeof(path), "%s/blurred.pgm", folder);
	save(&g, path);
	free(g.p);
	design_free(&d);
	assert_int_equal(read_back(), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_design_is_read_at_200_dpi),
		cmocka_unit_test(every_design_is_read_at_300_dpi),
		cmocka_unit_test(every_design_is_read_at_600_dpi),
		cmocka_unit_test(twice_that_blur_is_not_read)
	};
	return cmocka_run_group_tests(tests, begin, end);
}
