/* A stroke font, drawn for this project, so that text is smooth at any size. */
#include <stddef.h>

#include "draw.h"

/* Strokes of the letters: pairs of x and y, 'a' for 0 on; a blank lifts the pen. Capitals are 12
 * tall and 8 wide, y runs down, the base line is 'm', small letters start at 'e', and what hangs
 * below the line ends at 'p'. */
typedef struct letter {
    char code;
    const char *strokes;
} letter;

static const letter letters[] = {
    {'A', "ameaim bihi"},
    {'B', "aaam aafahbidhffgag fghhijhlfmam"},
    {'C', "ichbfadabbadajbldmfmhlik"},
    {'D', "aaamemglijidgbeaaa"},
    {'E', "iaaaamim aggg"},
    {'F', "iaaaam aggg"},
    {'G', "ichbfadabbadajbldmfmhlijigfg"},
    {'H', "aaam iaim agig"},
    {'I', "aaam"},
    {'J', "fafjelcmblaj"},
    {'K', "aaam iaah deim"},
    {'L', "aaamhm"},
    {'M', "amaaehiaim"},
    {'N', "amaaimia"},
    {'O', "dafahbidijhlfmdmblajadbbda"},
    {'P', "amaafahbidhffgag"},
    {'Q', "dafahbidijhlfmdmblajadbbda fjim"},
    {'R', "amaafahbidhffgag egim"},
    {'S', "ichbfadabbadbfhhijhlfmdmblak"},
    {'T', "aaia eaem"},
    {'U', "aaajbldmfmhlijia"},
    {'V', "aaemia"},
    {'W', "aacmedgmia"},
    {'X', "aaim iaam"},
    {'Y', "aaegia egem"},
    {'Z', "aaiaamim"},
    {'a', "hehm hgfedebfagakbldmfmhk"},
    {'b', "aaam agceeegfhghkglemcmak"},
    {'c', "gfeedebfagakbldmemgl"},
    {'d', "hahm hgfedebfagakbldmfmhk"},
    {'e', "aihihggfeedebfagakbldmemgl"},
    {'f', "faeacccm aeee"},
    {'g', "hehnfpcpao hgfedebfagakbldmfmhk"},
    {'h', "aaam agceeegfhghm"},
    {'i', "aeam abab"},
    {'j', "cecnbpap cbcb"},
    {'k', "aaam heaj dhhm"},
    {'l', "aaam"},
    {'m', "aeam agbeeefgfm fggejekgkm"},
    {'n', "aeam agceeegfhghm"},
    {'o', "debfagakbldmemglhkhggfeede"},
    {'p', "aeap agceeegfhghkglemcmak"},
    {'q', "hehp hgfedebfagakbldmfmhk"},
    {'r', "aeam ahbfdefe"},
    {'s', "gfeecebfagbhfigjgkglemcmal"},
    {'t', "cbckdmfm aeee"},
    {'u', "aeakbldmfmhk hehm"},
    {'v', "aedmge"},
    {'w', "aecmefgmie"},
    {'x', "aegm geam"},
    {'y', "aedm gedmbpap"},
    {'z', "aegeamgm"},
    {'0', "dafahbidijhlfmdmblajadbbda"},
    {'1', "bcfafm"},
    {'2', "adbbdafahbidhfamim"},
    {'3', "acbbdafahbidhffgdg fghhijhlfmdmblak"},
    {'4', "gmgaaiii"},
    {'5', "habaagcfffhgiiijhlfmdmblak"},
    {'6', "hbfadabbadajbldmfmhlijiihgffdfbgai"},
    {'7', "aaiadm"},
    {'8', "dgbfadbbdafahbidhffgdg dgbhajbldmfmhlijhhfg"},
    {'9', "bldmfmhlijidhbfadabbadaebgdhfhhgie"},
    {'.', "amam"},
    {',', "bmao"},
    {':', "afaf alal"},
    {'-', "ahgh"},
    {'+', "ahgh dedk"},
    {'/', "anga"},
    {'%', "accaecceac anib ekgiikgmek"},
    {'#', "cabm gafm aeie aiii"},
    {'_', "anin"},
    {'(', "caaeajcn"},
    {')', "aacecjan"},
    {'=', "afgf ajgj"},
};

static const char *const unknown = "adbbdafahbidhffgfi fmfm"; /* a question mark */
static const float TALL = 12, GAP = 4.5f, BLANK = 7;
static const float DIGIT = 8; /* all digits are as wide as that: columns of figures stand */
static const float WEIGHT = 0.135f; /* of a stroke, of the size */

static const char *strokes_of(char code)
{
    for (size_t i = 0; i < sizeof letters / sizeof letters[0]; i++)
        if (letters[i].code == code)
            return letters[i].strokes;
    return unknown;
}

/* From the start of a letter to that of the next one, in units of the font. */
static float advance_of(char code)
{
    if (code == ' ')
        return BLANK;
    if (code >= '0' && code <= '9')
        return DIGIT + GAP;
    char most = 'a';
    for (const char *s = strokes_of(code); *s; s += s[0] == ' ' ? 1 : 2)
        most = *s > most ? *s : most;
    return (float)(most - 'a') + GAP;
}

float mi_text_width(float size, const char *text)
{
    float units = 0;
    for (; *text; text++)
        units += advance_of(*text);
    return units > GAP ? (units - GAP) * size / TALL : 0;
}

void mi_draw_text(const mi_canvas *c, mi_spot corner, float size, const mi_ink *ink,
                  const char *text)
{
    float unit = size / TALL, width = WEIGHT * size > 1.1f ? WEIGHT * size : 1.1f;
    for (; *text; corner.x += unit * advance_of(*text), text++) {
        const char *s = *text == ' ' ? "" : strokes_of(*text);
        while (*s) {
            mi_spot spot[MI_PATH_MAX];
            int32_t count = 0;
            for (; *s && *s != ' ' && count < MI_PATH_MAX; s += 2)
                spot[count++] = (mi_spot){corner.x + unit * (float)(s[0] - 'a'),
                                          corner.y + unit * (float)(s[1] - 'a')};
            mi_draw_path(c, spot, count, width, ink);
            s += *s == ' ';
        }
    }
}
