/** The server puts ECharts' own file here: dist/echarts.esm.min.mjs of the package. */
export * from 'echarts';
