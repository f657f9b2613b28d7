/* Sphinx leaves numbers out of what is searched for, and people search for 401 and 429. */

if (typeof Search !== "undefined") {
  const parseQuery = Search._parseQuery;
  Search._parseQuery = (query) => {
    const parsed = parseQuery(query);
    const [, searchTerms, , highlightTerms] = parsed;
    for (const word of splitQuery(query.trim())) {
      if (/^\d+$/.test(word)) [searchTerms, highlightTerms].forEach((terms) => terms.add(word));
    }
    return parsed;
  };
}
