// Text → the words it is found by; site_builder/words.py does the same, and both read the table below.
// tests/site_words.json holds the cases that bind them.
globalThis.pressmarkWords = (() => {
  "use strict";

  // Numbers as text: digits of five bits, lowest first, all but a number's last with a sixth bit.
  const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";
  const VALUES = new Map(Array.from(DIGITS, (digit, value) => [digit, value]));

  class Reader {
    constructor(text) {
      this.text = text;
      this.at = 0;
    }
    get more() {
      return this.at < this.text.length;
    }
    digit() {
      return VALUES.get(this.text[this.at++]);
    }
    number() {
      for (let value = 0, unit = 1; ; unit *= 32) {
        const digit = this.digit();
        value += (digit % 32) * unit;
        if (digit < 32) return value;
      }
    }
  }

  // Where runs of letters, numbers and marks (categories L, N, M) begin and end: distances from one bound to
  // the next, as Reader reads them. Made from Unicode 14.0.0 by tests/test_site_words.py, which checks it. A fixed version,
  // so that a newer browser does not see words where the index has none.
  const BOUNDS = "m1A7Q6Ql11721132131N1V1gE4CE57111Hr31224116113111K1p21h41j51c1216f18j1111212118R44TB5g24c3182A1J21Gx12b3Es141212k1IS4B5O169g21X42A1J18222M1711342922248142152C2621112316422M17121212211542233174117GB319131M1712152A131321F42A971318222M1712152922237342152A17A216331432111232333C4533142161EDDD131N1G291314721321242A871418131N1A152913147262142A12DD131p113155G2J16131I3O191127314611186A22Dw15F1Ad1211151O111N2511162A24W11N26K1111114A1a14K1I1a191v1g26k22c111512h11jA142711142f1142X1142711142F1v1142Z2239K3GGs2263iJ2H1Q5h23B7M9MBKCD1312Cq231422A6AH31B6v27h15c2AV1C4CAe125Bi14Q6Bb1S4_11T2B6AD18Vn1j23AH9Cq3Cu18A3n1297h123G31d15sG262c126281111111V2r11711331734264D5317p32265B6Dp1X1H1412A1135611111141B2455411w1sMy1k2MsJUiZ1b769912c111512u171FO97171717171717171W1l11rE3PF15254s222231w2145h11-234AW1m1GW1AU81FW1Ad1FWAWk6W2jqLZ2k12j83SKp11A1p3b192d32W2521115Os14136Aq1Cc2AA6O311n12a1CT3X2EB6V1t19E2A6N3f2O32G25A6262697171h11E6x3122A6azACN4n1ae8kB2g3c17C55C1D151112121i3X1hBIW22s1e1C4GGGW251d4JA7Q6QBv236262623Z1C1Q1J121F2EY1x3Cj1Cv1H2n31Y4T3n1FS4a19U5h15U2a14815g1-42A6a14a14e18q1CB1F17121B1F1712Z2t99MA8O61g119b26211i112312N2V2c189m1J125X14Qc2u14K2o11258131T234ANV1W1W181U45Gs1AM2R5QN7m2f2t1p1Dp17k18Ac9V1g11232k2e18b1RMg1SKN9d2Ba19y171DP7A6r11A448a1219b2441D114KBI1b161X2711141F1A7x15A6418222M1712151A22232161572735h4h25A44Uc2118Ac5s129N6Y1X231BAc1v17As1R2F4C47v5x1b3p2C82128121U1229CAc282k12812R_1818g231If2d891j119FT5U2M1Ef27121i13112198A66121b112167As9Nv51FLh1wSc3l3Ha6io2X3FlX1n-3dIvj8vH7V1A6l21A6U25Bt194CA171L5JmLt2f3h24v17HW2212B2Eu_58sc1g19dt8417121Z9j13H48iCae2h35D397A32Xp4k12N-G5368827U4q43x4Ki3Pd4r21d2122122241C11171X21428171S141511371qA2P1P1V1P1V1P1V1P1V1P182o1WGt14o181E1M51FmY1VX771H271215r6j13E2A41XAVHw1cd1714121F1b62Gf1i24AtOx11314i2j11FY641R1211211A141111614111111312112111111111121124171414111A1H53151HaIDZt2AcW1Wtf1W1vX47-62Yq5Enf7_W3-GYl1hw4rjxLm7";

  // Scripts written without spaces, as ranges: Thai and Lao, Myanmar, Khmer, kana, bopomofo, Han.
  const UNSPACED = "e00-eff 1000-109f 1780-17ff 3005-3007 3040-312f 31a0-31bf 31f0-31ff 3400-4dbf 4e00-9fff f900-faff 20000-3ffff";

  const LONGEST = 64;

  const range = (first, last) => `\\u{${first.toString(16)}}-\\u{${last.toString(16)}}`;
  const inWords = (() => {
    const reader = new Reader(BOUNDS);
    let ranges = "";
    for (let at = 0; reader.more; ) {
      const first = at + reader.number();
      at = first + reader.number();
      ranges += range(first, at - 1);
    }
    return ranges;
  })();
  const unspaced = UNSPACED.split(" ").map((pair) => range(...pair.split("-").map((hex) => parseInt(hex, 16)))).join("");

  const OTHERS = new RegExp(`[^${inWords}]+`, "gu");
  const RUNS = new RegExp(`[${unspaced}]+|(?:(?![${unspaced}])[${inWords}])+`, "gu");
  const IS_UNSPACED = new RegExp(`^[${unspaced}]`, "u");

  // Case, compatibility forms and the marks of Latin, Greek and Cyrillic (U+0300–U+036F) make no difference.
  const fold = (text) =>
    text.replace(OTHERS, " ").normalize("NFKD").replace(/[\u0300-\u036f]/g, "").normalize("NFC")
      .toLowerCase().replace(/ß/g, "ss").replace(/ς/g, "σ");

  // Return the runs of text, folded: {text, unspaced}.
  const runs = (text) =>
    (fold(text).match(RUNS) || []).map((run) => ({ text: run, unspaced: IS_UNSPACED.test(run) }));

  // Return the words of text in order: a word's place is its position. In an unspaced run each character
  // begins one, together with the character after it.
  const words = (text) =>
    runs(text).flatMap((run) => {
      const signs = Array.from(run.text);
      return run.unspaced
        ? signs.map((sign, i) => sign + (signs[i + 1] || ""))
        : [signs.slice(0, LONGEST).join("")];
    });

  // Return what to look for to find text: {word, prefix}, one after the other. A single unspaced character
  // is found by the words that begin with it; the last of several has been found with the one before.
  const sought = (text) =>
    runs(text).flatMap((run) => {
      const found = words(run.text);
      if (!run.unspaced) return found.map((word) => ({ word, prefix: false }));
      if (found.length === 1) return [{ word: found[0], prefix: true }];
      return found.slice(0, -1).map((word) => ({ word, prefix: false }));
    });

  // Return what a query asks: clauses {items, not, phrase}. While typing, the last word may go on.
  const parse = (query) => {
    const clauses = [];
    const pattern = /(-?)(?:"([^"]*)"?|([^ \t\r\n\u00a0\u3000"]+))/g;
    query = query.replace(/[“”„«»]/g, '"');
    for (const match of query.matchAll(pattern)) {
      const quoted = match[2] !== undefined;
      const items = sought(quoted ? match[2] : match[3]);
      if (!items.length) continue;
      const isLast = match.index + match[0].length === query.length;
      const not = match[1] === "-";
      if (isLast && !quoted && !not && items.length === 1) items[0].prefix = true;
      clauses.push({ items, not });
    }
    return clauses;
  };

  return { Reader, VALUES, words, parse };
})();
