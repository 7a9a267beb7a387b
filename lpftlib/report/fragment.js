(function (script, csv, latex) {
  // A table in a notebook: a click on a column's name sorts by it, another the other way; two buttons copy the whole.
  var table = script.parentElement.querySelector("table"), body = table.tBodies[0];
  function value(row, column) {
    var cell = row.cells[column], text = (cell.querySelector(".ours") || cell).textContent.trim().replace("−", "-");
    var m = text.match(/^([+-]?[\d.]+)(?:·10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+))?/);
    if (!m) return text;
    var power = (m[2] || "").replace(/./g, function (c) { return c === "⁻" ? "-" : "⁰¹²³⁴⁵⁶⁷⁸⁹".indexOf(c); });
    return parseFloat(m[1]) * Math.pow(10, power ? parseInt(power, 10) : 0);
  }
  function before(a, b) {
    if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
    return typeof a === "number" ? a - b : a.localeCompare(b);
  }
  Array.prototype.forEach.call(table.tHead.rows[0].cells, function (head, column) {
    var down = false;
    head.style.cursor = "pointer";
    head.title = "sort by " + head.textContent;
    head.addEventListener("click", function () {
      var rows = Array.prototype.slice.call(body.rows), sign = down ? -1 : 1;
      rows.sort(function (a, b) { return sign * before(value(a, column), value(b, column)); });
      rows.forEach(function (row) { body.appendChild(row); });
      down = !down;
    });
  });
  [["CSV", csv], ["LaTeX", latex]].forEach(function (kind) {
    var button = document.createElement("button");
    button.className = "lpft-copy";
    button.textContent = "copy as " + kind[0];
    button.addEventListener("click", function () {
      navigator.clipboard.writeText(kind[1]).then(function () { button.textContent = "copied"; }, function () { window.prompt("copy from here", kind[1]); });
    });
    script.parentElement.appendChild(button);
  });
})
